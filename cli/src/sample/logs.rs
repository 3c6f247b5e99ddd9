//! `rehose sample --log`: a stash of one of AWS's own logs, with AWS's keys, and with everything in it that is
//! hard to read.

mod json;
mod lines;

use std::io::{self, Write};

use fastrand::Rng;
use jiff::Timestamp;
use rehose_extract::FormatName;

use super::{FIRST_ARRIVAL, SampleError, Written, gzip, write_object};
use crate::args::sample::SampleArgs;

/// Seconds between two objects: load balancers write one every five minutes.
const SECONDS: i64 = 300;

const ACCOUNT: &str = "011122223333";
const REGION: &str = "us-gov-west-1";

/// In one of so many events, what is hard to read. Each of it is in every object of a few hundred events.
const ODD: u32 = 8;

/// An object of a log, and how to write it.
struct Object {
    key: String,
    text: String,
    /// Events of the format. Other logs in the folder have none.
    events: u32,
}

/// Writes the stash of a log.
pub(super) fn write(
    args: &SampleArgs,
    format: FormatName,
    rng: &mut Rng,
) -> Result<Written, SampleError> {
    let mut written = Written::default();
    for number in 0..args.objects {
        let mut rng = rng.fork();
        let begin = FIRST_ARRIVAL + i64::from(number) * SECONDS;
        let date = |source| SampleError::Date {
            object: number,
            source,
        };
        let time = Timestamp::from_second(begin).map_err(date)?;
        let text = text(format, begin, args.events, &mut rng).map_err(date)?;
        let key = key(format.name(), time, &mut rng);
        add(
            args,
            &Object {
                key,
                text,
                events: args.events,
            },
            &mut written,
        )?;
    }
    for object in others(format, rng) {
        add(args, &object, &mut written)?;
    }
    Ok(written)
}

fn add(args: &SampleArgs, object: &Object, written: &mut Written) -> Result<(), SampleError> {
    let Object { key, text, events } = object;
    let bytes = write_object(&args.dir, key, |out| put(out, key, text))?;
    written.add(*events, bytes);
    Ok(())
}

fn put(out: &mut impl Write, key: &str, text: &str) -> io::Result<()> {
    match key.ends_with(".gz") {
        true => gzip::member(out, text.as_bytes()),
        false => out.write_all(text.as_bytes()),
    }
}

/// Returns the text of an object.
fn text(format: FormatName, begin: i64, events: u32, rng: &mut Rng) -> Result<String, jiff::Error> {
    let mut parts = Vec::new();
    for number in 0..events {
        let second = begin + i64::from(number) * SECONDS / i64::from(events.max(1));
        let moment = Moment {
            time: Timestamp::from_microsecond(second * 1_000_000 + rng.i64(0..1_000_000))?,
            number,
        };
        parts.push(match format {
            FormatName::Alb => lines::alb(&moment, rng),
            FormatName::AlbConnection => lines::connection(&moment, rng),
            FormatName::Nlb => lines::nlb(&moment, rng),
            FormatName::Elb => lines::elb(&moment, rng),
            FormatName::S3Access => lines::s3(&moment, rng),
            FormatName::CloudFront => lines::cloudfront(&moment, rng),
            FormatName::CloudTrail => json::cloudtrail(&moment, rng),
            FormatName::Waf => json::waf(&moment, rng),
            FormatName::Resolver => json::resolver(&moment, rng),
            _ => json::network_firewall(&moment, rng),
        });
    }
    let lines = || {
        parts
            .iter()
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    Ok(match format {
        FormatName::CloudTrail => format!(r#"{{"Records":[{}]}}"#, parts.join(",")),
        FormatName::CloudFront => format!("{}{}", lines::CLOUDFRONT_HEADER, lines()),
        _ => lines(),
    })
}

/// The time of an event, and its number in its object.
struct Moment {
    time: Timestamp,
    number: u32,
}

impl Moment {
    fn text(&self, format: &str) -> String {
        self.time.strftime(format).to_string()
    }

    /// Returns the usual one, or one of the odd ones in turn if the event is to have them.
    fn usually<T: Copy>(&self, usual: T, odd: &[T]) -> T {
        let count = odd.len().max(1) as u32;
        match self.number % ODD {
            0 => odd
                .get((self.number / ODD % count) as usize)
                .copied()
                .unwrap_or(usual),
            _ => usual,
        }
    }

    /// Returns one of these in turn, so that each is in every object of some size.
    fn turn<'t>(&self, texts: &[&'t str]) -> &'t str {
        let count = texts.len().max(1);
        texts
            .get(self.number as usize % count)
            .copied()
            .unwrap_or_default()
    }
}

/// Returns a key as AWS makes it.
fn key(kind: &str, time: Timestamp, rng: &mut Rng) -> String {
    let day = time.strftime("%Y/%m/%d");
    let end = time.strftime("%Y%m%dT%H%MZ");
    let random = format!("{:016x}", rng.u64(..));
    let (short, long) = (&random[..8], random.to_uppercase());
    let balancers = format!("AWSLogs/{ACCOUNT}/elasticloadbalancing/{REGION}/{day}");
    let balancer = format!("{ACCOUNT}_elasticloadbalancing_{REGION}");
    match kind {
        "alb" => format!(
            "{balancers}/{balancer}_app.shop.50dc6c495c0c9188_{end}_10.0.0.1_{short}.log.gz"
        ),
        "alb-connection" => format!(
            "{balancers}/conn_log_{balancer}_app.shop.50dc6c495c0c9188_{end}_10.0.0.1_{short}.log.gz"
        ),
        "alb-health-check" => format!(
            "{balancers}/health_check_log_{balancer}_app.shop.50dc6c495c0c9188_{end}_{short}.log.gz"
        ),
        "nlb" => format!("{balancers}/{balancer}_net.edge.c6e77e28c25b2234_{end}_{short}.log.gz"),
        "elb" => format!("{balancers}/{balancer}_till_{end}_10.0.0.1_{short}.log"),
        "s3-access" => format!(
            "{ACCOUNT}/{REGION}/photos/{day}/{}-{long}",
            time.strftime("%Y-%m-%d-%H-%M-%S")
        ),
        "cloudfront" => format!(
            "EMLARXS9EXAMPLE.{}.{short}.gz",
            time.strftime("%Y-%m-%d-%H")
        ),
        "cloudtrail" => format!(
            "AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{day}/{ACCOUNT}_CloudTrail_{REGION}_{end}_{long}.json.gz"
        ),
        "cloudtrail-digest" => format!(
            "AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/{day}/{ACCOUNT}_CloudTrail-Digest_{REGION}_all_\
             {REGION}_{end}.json.gz"
        ),
        "waf" => format!(
            "AWSLogs/{ACCOUNT}/WAFLogs/{REGION}/shop/{}/{ACCOUNT}_waflogs_{REGION}_shop_{end}_{short}.log.gz",
            time.strftime("%Y/%m/%d/%H/%M")
        ),
        "resolver" => format!(
            "AWSLogs/{ACCOUNT}/vpcdnsquerylogs/vpc-0a1/{day}/vpc-0a1_vpcdnsquerylogs_{ACCOUNT}_{end}_{short}.log.gz"
        ),
        _ => format!(
            "AWSLogs/{ACCOUNT}/network-firewall/flow/{REGION}/edge/{}/{ACCOUNT}_network-firewall_flow_{REGION}_\
             edge_{}_{short}.log.gz",
            time.strftime("%Y/%m/%d/%H"),
            time.strftime("%Y%m%d%H%M")
        ),
    }
}

/// Returns objects of other logs, which AWS writes into the same folder.
fn others(format: FormatName, rng: &mut Rng) -> Vec<Object> {
    let time = Timestamp::from_second(FIRST_ARRIVAL).unwrap_or_default();
    let moment = Moment { time, number: 0 };
    let mut object = |kind: &str, text: String| Object {
        key: key(kind, time, rng),
        text,
        events: 0,
    };
    match format {
        FormatName::Alb | FormatName::AlbConnection | FormatName::Nlb | FormatName::Elb => {
            let health = "http 2020-02-01T00:00:00.1Z 0.001 10.0.0.9:80 shop PASS 200 - app/shop/1 10.0.0.1\n";
            let mut random = Rng::with_seed(0);
            let all = [
                ("alb", lines::alb(&moment, &mut random)),
                ("alb-connection", lines::connection(&moment, &mut random)),
                ("nlb", lines::nlb(&moment, &mut random)),
                ("elb", lines::elb(&moment, &mut random)),
                ("alb-health-check", health.to_owned()),
            ];
            let mut objects: Vec<Object> = (all.into_iter())
                .filter(|(kind, _)| *kind != format.name())
                .map(|(kind, line)| object(kind, line))
                .collect();
            objects.push(Object {
                key: format!("AWSLogs/{ACCOUNT}/ELBAccessLogTestFile"),
                text: "Enable AccessLog for ELB: app/shop/1 at 2020-02-01T00:00:00.000Z".to_owned(),
                events: 0,
            });
            objects
        }
        FormatName::CloudTrail => {
            let digest =
                r#"{"awsAccountId":"011122223333","digestS3Bucket":"trail","logFiles":[]}"#;
            vec![object("cloudtrail-digest", digest.to_owned())]
        }
        FormatName::CloudFront => {
            let rtmp = "#Version: 1.0\n#Fields: date time x-edge-location c-ip x-event sc-bytes\n\
                        2020-02-01\t00:00:00\tSEA4\t192.0.2.147\tconnect\t2014\n";
            vec![object("cloudfront", rtmp.to_owned())]
        }
        _ => Vec::new(),
    }
}
