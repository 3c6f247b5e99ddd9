//! The dialect `regex`: any text in which a regex finds the events, by its groups `timestamp` and
//! `message`.
//!
//! The dialect is for JSON in another envelope than that of CloudWatch Logs. The group `message` is
//! therefore the content of a JSON string, and is unescaped. An event whose message is not such
//! content is rejected with the reason `escape`.
//!
//! The `regex` crate searches text that is all in memory. A stream is not: a match can begin in one
//! chunk and end in another, and bytes that have not arrived can still extend it. This parser drives
//! three machines, all compiled from the same pattern by [`EventRegex::new`]:
//!
//! | phase | machine | finds |
//! |---|---|---|
//! | 1. forward, each byte once | `search`, a lazy DFA whose state is kept from chunk to chunk | the end of a match, and whether more bytes could extend it |
//! | 2. backward from the end, only if needed | `reverse`, the DFA of the reversed pattern | the beginning |
//! | 3. forward from the beginning | `groups`, an ordinary regex | the groups |
//!
//! Phase 2 is skipped if the window still holds everything that the search has read, because phase
//! 3 can then begin where the search began. After a match, the next search begins at its end.
//!
//! ```text
//! text    ──────────┬─────────────────────────────────┬──────────────┬──────► not read yet
//!      search_begin ┘ may be before the window    end ┘              └ next
//! window       ├────────────────────────────────────────────────────────────┤
//!              └ offset                          ◄──── at most MAX_MATCH ────►
//! ```
//!
//! `offset` and `search_begin` count from the beginning of the text, `end` and `next` from the
//! beginning of the window.
//!
//! # Invariants
//!
//! - `search` has read the bytes from `search_begin` to `offset + next`, each exactly once. Reading
//!   again from `search_begin` with each chunk would take quadratic time.
//! - The window holds everything since `search_begin`, or at least [`REACH`] bytes before `end` (before
//!   `next`, if there is no `end` yet), and [`LOOK_BEHIND`] bytes before that.
//! - A match that is longer than [`MAX_MATCH`], or that so many further bytes leave undecided, is a
//!   fault at the same byte wherever the chunks were cut. Cutting it short would give another match.
//!
//! # What must change together
//!
//! - The syntax and the UTF-8 mode of the three machines. If they disagree, phase 3 does not find
//!   the match of phase 1.
//! - [`MAX_MATCH`], [`REACH`] and `compact`: phases 2 and 3 read what `compact` leaves.
//! - [`LOOK_BEHIND`] and the assertions that `EventRegex::new` accepts.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use regex::bytes::Regex;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};

use super::json::unescape;
use crate::bounds::{MAX_MATCH, MAX_MESSAGE};
use crate::error::{Error, Reason};
use crate::event::{Event, EventSink, Time};
use crate::pattern;
use crate::rejection::Rejection;

/// Bytes that are removed from the beginning of the window at a time. Each time moves the rest.
const COMPACT: usize = 1024 * 1024;

/// Bytes before the beginning of a search that assertions such as `^` and `(?-u:\b)` look at.
const LOOK_BEHIND: usize = 1;

/// Bytes before the end of a match in which its beginning is looked for. A DFA reports a match one
/// byte late, and needs another byte to know that the match is the longest.
const REACH: usize = MAX_MATCH + 2;

/// An event regex, compiled for searching a stream.
pub(crate) struct EventRegex {
    /// Phase 3: finds the groups.
    groups: Regex,
    /// Phase 1: finds the end of a match.
    search: DFA,
    /// Phase 2: finds the beginning of a match.
    reverse: DFA,
}

impl fmt::Debug for EventRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventRegex").field(&self.groups).finish()
    }
}

impl EventRegex {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// Returns the reason, in words, if the pattern has no group `timestamp` or `message`, matches
    /// the empty text, can match half a character, or has a Unicode word boundary.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        let groups = pattern::with_groups(pattern, &["timestamp", "message"])?;
        let syntax = syntax::Config::new().utf8(false);
        let parsed = syntax::parse_with(pattern, &syntax).map_err(|error| error.to_string())?;
        if parsed.properties().minimum_len() == Some(0) {
            return Err("it matches the empty text".to_owned());
        }
        if !parsed.properties().is_utf8() {
            return Err("it may cut a character in two: leave out the (?-u)".to_owned());
        }
        let dfa = |config, reverse| {
            DFA::builder()
                .configure(config)
                .syntax(syntax)
                .thompson(thompson::Config::new().utf8(false).reverse(reverse))
                .build(pattern)
                .map_err(|error| match parsed.properties().look_set() {
                    looks if looks.contains_word_unicode() => {
                        r"in a stream there are no Unicode word boundaries: write (?-u:\b)"
                            .to_owned()
                    }
                    _ => error.to_string(),
                })
        };
        Ok(Self {
            search: dfa(DFA::config(), false)?,
            reverse: dfa(DFA::config().match_kind(MatchKind::All), true)?,
            groups,
        })
    }
}

/// Finds the events that a regex matches.
#[derive(Debug)]
pub(crate) struct RegexParser {
    regex: Arc<EventRegex>,
    cache: Cache,
    reverse_cache: Cache,
    /// The state of `search` before the next byte. `None` at the beginning of a search.
    state: Option<LazyStateID>,
    /// The latest bytes of the text.
    window: Vec<u8>,
    /// Offset of the window in the text.
    offset: u64,
    /// Offset in the text at which the search began.
    search_begin: u64,
    /// Index in the window of the next byte for `search`.
    next: usize,
    /// Index in the window at which the best match so far ends.
    end: Option<usize>,
    /// The decoded message. Reused for each event.
    message: Vec<u8>,
    /// Offset in the text of the first byte that is no white space.
    first: Option<u64>,
    has_events: bool,
}

/// A match. The ranges are indices in the window.
struct Found {
    /// Offset of the match in the text.
    offset: u64,
    timestamp: Range<usize>,
    message: Range<usize>,
}

impl RegexParser {
    pub(crate) fn new(regex: Arc<EventRegex>) -> Self {
        Self {
            cache: regex.search.create_cache(),
            reverse_cache: regex.reverse.create_cache(),
            regex,
            state: None,
            window: Vec::new(),
            offset: 0,
            search_begin: 0,
            next: 0,
            end: None,
            message: Vec::new(),
            first: None,
            has_events: false,
        }
    }

    pub(crate) fn push(&mut self, text: &[u8], events: &mut dyn EventSink) -> Result<(), Error> {
        if self.first.is_none() {
            let place = text.iter().position(|byte| !byte.is_ascii_whitespace());
            let begin = self.offset + self.window.len() as u64;
            self.first = place.map(|place| begin + place as u64);
        }
        self.window.extend_from_slice(text);
        self.search(events)?;
        self.compact();
        Ok(())
    }

    pub(crate) fn finish(&mut self, events: &mut dyn EventSink) -> Result<(), Error> {
        loop {
            let state = self.state()?;
            let last = (self.regex.search)
                .next_eoi_state(&mut self.cache, state)
                .map_err(|_| self.too_large())?;
            if last.is_match() {
                self.end = Some(self.window.len());
            }
            let Some(end) = self.end.take() else {
                return self.check_readable();
            };
            self.emit(end, events)?;
            self.search(events)?;
        }
    }

    /// Fails if there is text, and no event in it.
    fn check_readable(&self) -> Result<(), Error> {
        match self.first {
            Some(first) if !self.has_events => Err(Reason::NothingReadable.in_text(first)),
            _ => Ok(()),
        }
    }

    /// Phase 1: reads the rest of the window, and emits the event of each match that is final.
    fn search(&mut self, events: &mut dyn EventSink) -> Result<(), Error> {
        let mut state = self.state()?;
        while let Some(byte) = self.window.get(self.next) {
            state = (self.regex.search)
                .next_state(&mut self.cache, state, *byte)
                .map_err(|_| self.too_large())?;
            self.next += 1;
            if !state.is_tagged() {
                continue;
            }
            if state.is_match() {
                // A DFA reports a match one byte late.
                self.check_undecided(self.next - 1)?;
                self.end = Some(self.next - 1);
            } else if state.is_dead() {
                self.check_undecided(self.next - 1)?;
                match self.end.take() {
                    Some(end) => {
                        self.emit(end, events)?;
                        state = self.state()?;
                    }
                    // The regex is anchored at the beginning of the text. No match can follow.
                    None => self.next = self.window.len(),
                }
            } else if state.is_quit() {
                return Err(self.too_large());
            }
        }
        self.state = Some(state);
        self.check_undecided(self.next)
    }

    /// Fails if the best match so far has stayed undecided for more than [`MAX_MATCH`] bytes.
    fn check_undecided(&self, next: usize) -> Result<(), Error> {
        match self.end {
            Some(end) if next - end > MAX_MATCH => Err(self.too_long(end)),
            _ => Ok(()),
        }
    }

    /// Emits the event of the match that ends at `end`, and begins a new search there.
    fn emit(&mut self, end: usize, events: &mut dyn EventSink) -> Result<(), Error> {
        let found = self.find_groups(end)?;
        self.pass_on(found, events)?;
        self.has_events = true;
        self.search_begin = self.offset + end as u64;
        self.next = end;
        self.state = None;
        Ok(())
    }

    /// Phase 3: finds the groups of the match that ends at `end`.
    fn find_groups(&mut self, end: usize) -> Result<Found, Error> {
        let earliest = self.earliest_begin(end)?;
        // Impossible while the machines agree: phase 1 has found this match, and `regex` falls back to
        // a slower engine instead of running out of memory. No reason is closer, and an event must not
        // be lost without one.
        let Some(groups) = self.regex.groups.captures_at(&self.window, earliest) else {
            return Err(self.too_large());
        };
        let whole = groups.get_match();
        if whole.len() > MAX_MATCH {
            return Err(self.too_long(end));
        }
        let range = |name| groups.name(name).map_or(0..0, |group| group.range());
        Ok(Found {
            offset: self.offset + whole.start() as u64,
            timestamp: range("timestamp"),
            message: range("message"),
        })
    }

    /// Unescapes the message and passes the event on.
    fn pass_on(&mut self, found: Found, events: &mut dyn EventSink) -> Result<(), Error> {
        let timestamp = &self.window[found.timestamp];
        let escaped = &self.window[found.message];
        self.message.clear();
        let unescaped = unescape(escaped, &mut self.message);
        let message = unescaped.map_or(escaped, |()| &self.message);
        if message.len() > MAX_MESSAGE {
            return Err(Reason::MessageTooLong(MAX_MESSAGE).in_text(found.offset));
        }
        let event = Event {
            time: Time::Formatted(timestamp),
            message,
            id: b"",
            extracted_fields: b"",
            offset: found.offset,
        };
        events.take(&event, unescaped.err().map(|_| Rejection::Escape))
    }

    /// Phase 2: returns the index in the window from which to look for the match that ends at `end`. The
    /// match begins there or later.
    ///
    /// If the window does not hold the beginning of the search any more, the match is followed
    /// backwards through at most [`REACH`] bytes. A match that reaches further is a fault.
    fn earliest_begin(&mut self, end: usize) -> Result<usize, Error> {
        if self.offset + end as u64 - self.search_begin <= REACH as u64 {
            return Ok((self.search_begin - self.offset) as usize);
        }
        let input = Input::new(&self.window)
            .range(end - REACH..end)
            .anchored(Anchored::Yes);
        let mut state = (self.regex.reverse)
            .start_state_reverse(&mut self.reverse_cache, &input)
            .map_err(|_| self.too_large())?;
        let mut earliest = end;
        for index in input.get_range().rev() {
            state = (self.regex.reverse)
                .next_state(&mut self.reverse_cache, state, self.window[index])
                .map_err(|_| self.too_large())?;
            if state.is_match() {
                earliest = index + 1;
            } else if state.is_dead() {
                return Ok(earliest);
            }
        }
        Err(self.too_long(end))
    }

    /// Returns the state of `search`. At the beginning of a search it depends on the byte before.
    fn state(&mut self) -> Result<LazyStateID, Error> {
        if let Some(state) = self.state {
            return Ok(state);
        }
        let input = Input::new(&self.window).range(self.next..);
        (self.regex.search)
            .start_state_forward(&mut self.cache, &input)
            .map_err(|_| self.too_large())
    }

    /// Removes the bytes that no match can reach any more.
    fn compact(&mut self) {
        let reach = self.end.unwrap_or(self.next).saturating_sub(REACH);
        let searched = self.search_begin.saturating_sub(self.offset) as usize;
        let done = searched.max(reach).saturating_sub(LOOK_BEHIND);
        if done >= COMPACT {
            self.window.drain(..done);
            self.offset += done as u64;
            self.next -= done;
            self.end = self.end.map(|end| end - done);
        }
    }

    fn too_long(&self, end: usize) -> Error {
        Reason::MatchTooLong(MAX_MATCH).in_text(self.offset + end as u64)
    }

    fn too_large(&self) -> Error {
        Reason::RegexTooLarge.in_text(self.offset + self.next as u64)
    }
}
