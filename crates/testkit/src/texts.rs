//! Texts to compress. The same seed always gives the same text.

use std::fmt::Write;

use fastrand::Rng;

/// Flow logs of a few hosts that talk with each other. Most of a row equals parts of earlier rows.
pub fn rows(bytes: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng::with_seed(seed);
    let mut second = 0;
    lines(bytes, |text| {
        second += u32::from(rng.u8(..4) == 0);
        let (one, other) = (rng.u8(..20).min(rng.u8(..20)), rng.u8(..20));
        let (one, other) = (format!("10.0.1.{one}"), format!("10.0.2.{other}"));
        flow(text, &mut rng, second, &one, &other);
    })
}

/// Flow logs in which every address is new and the time jumps.
pub fn addresses(bytes: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng::with_seed(seed);
    lines(bytes, |text| {
        let [one, other] = std::array::from_fn(|_| std::net::Ipv4Addr::from(rng.u32(..)));
        let second = rng.u32(..3_600);
        flow(text, &mut rng, second, &one.to_string(), &other.to_string());
    })
}

fn flow(text: &mut String, rng: &mut Rng, second: u32, one: &str, other: &str) {
    let magnitude = rng.u32(..16);
    let packets = rng.u32(..1 << magnitude);
    let bytes = packets * rng.u32(40..1_400);
    let (minute, in_minute) = (second / 60 % 60, second % 60);
    let interface = rng.u8(..20).min(rng.u8(..20));
    let port = rng.u16(32_768..);
    let action = if rng.u8(..9) == 0 { "REJECT" } else { "ACCEPT" };
    let (start, end) = (1_580_515_200 + second, 1_580_515_260 + second);
    let _ = write!(
        text,
        "2020-02-01T00:{minute:02}:{in_minute:02}.000Z,2,123456789012,eni-0c3f19ab{interface:04x},\
         {one},{other},{port},443,6,{packets},{bytes},{start},{end},{action},OK"
    );
}

/// Logs of a service: times to the millisecond, words, numbers, identifiers.
pub fn requests(bytes: usize, seed: u64) -> Vec<u8> {
    const WORDS: [&str; 24] = [
        "accepted",
        "account",
        "after",
        "cache",
        "client",
        "closed",
        "connection",
        "deadline",
        "exceeded",
        "expired",
        "failed",
        "for",
        "from",
        "invalid",
        "missed",
        "order",
        "payment",
        "queue",
        "retrying",
        "session",
        "the",
        "timeout",
        "token",
        "user",
    ];
    let mut rng = Rng::with_seed(seed);
    let mut millisecond = 0;
    lines(bytes, |text| {
        millisecond += rng.u32(..900);
        let (hour, minute) = (millisecond / 3_600_000 % 24, millisecond / 60_000 % 60);
        let (second, rest) = (millisecond / 1_000 % 60, millisecond % 1_000);
        let level = ["INFO", "INFO", "INFO", "WARN", "ERROR"][rng.usize(..5)];
        let service = ["api", "auth", "billing", "search"][rng.usize(..4)];
        let id = rng.u128(..);
        let _ = write!(
            text,
            "2020-02-01T{hour:02}:{minute:02}:{second:02}.{rest:03}Z,{level},{service},{id:032x},"
        );
        for _ in 0..rng.u8(3..12) {
            text.push_str(WORDS[rng.usize(..WORDS.len())]);
            text.push(' ');
        }
        let _ = write!(
            text,
            "status={} ms={}",
            [200, 404][rng.usize(..2)],
            rng.u16(..3_000)
        );
    })
}

/// Bytes of any value.
pub fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng::with_seed(seed);
    std::iter::repeat_with(|| rng.u8(..)).take(bytes).collect()
}

/// Noise with four bits per byte and no delimiter.
pub fn letters(bytes: usize, seed: u64) -> Vec<u8> {
    let noise = noise(bytes, seed);
    noise.iter().map(|byte| b'a' + byte % 16).collect()
}

fn lines(bytes: usize, mut write_line: impl FnMut(&mut String)) -> Vec<u8> {
    let mut text = String::with_capacity(bytes + 1_000);
    while text.len() < bytes {
        write_line(&mut text);
        text.push('\n');
    }
    text.truncate(bytes);
    text.into_bytes()
}

/// Marks the place of a fault.
pub const HERE: &str = "‸";

/// Contents of JSON strings with a fault, its place, and the words for it.
pub const INVALID_STRINGS: [(&str, &str); 12] = [
    ("ab‸\n", "a control character in a string"),
    ("ten bytes ‸\u{0}", "a control character in a string"),
    (r"\‸x", "an unknown escape in a string"),
    (r"\‸U0041", "an unknown escape in a string"),
    (r"é\u00‸g0", "a \\u escape without four hexadecimal digits"),
    (r"\u12‸ ", "a \\u escape without four hexadecimal digits"),
    (r"\ud800‸ ", "half a surrogate pair in a string"),
    (r"\ud800‸x", "half a surrogate pair in a string"),
    (r"\ud800\‸n", "half a surrogate pair in a string"),
    (r"\ud800\u004‸1", "half a surrogate pair in a string"),
    (r"\ud800\ud80‸0", "half a surrogate pair in a string"),
    (r"\udc0‸0", "half a surrogate pair in a string"),
];
