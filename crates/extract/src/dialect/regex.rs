//! Any text in which a regex finds the events: its groups `timestamp` and `message`.
//!
//! A regex engine searches a haystack that is all there, and a stream never is: a match may begin
//! in one chunk and end in another, and whether it has ended may depend on bytes that have not come.
//! So the search runs on a DFA that is fed each byte once and keeps its state from chunk to chunk;
//! it knows when a match is final. Its groups are then looked for in a window of what has passed.

use std::fmt;
use std::sync::Arc;

use regex::bytes::Regex;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind};

use super::json::unescape;
use super::{Event, Events, Standing};
use crate::bounds::{MAX_MATCH, MAX_MESSAGE};
use crate::error::{Error, Reason};
use crate::format::Rejection;
use crate::pattern;

/// How much of the window may be done with before it is moved together.
const COMPACT: usize = 1024 * 1024;

/// What is kept before the place where a search begins, for assertions that look behind.
const LOOK_BEHIND: usize = 1;

/// How far back from its end a match is followed: as far as it may reach, and two bytes more, for a
/// DFA tells of a match one byte late, and of its being the longest another byte later.
const REACH: usize = MAX_MATCH + 2;

/// An event regex, compiled for searching a stream.
pub(crate) struct EventRegex {
    groups: Regex,
    /// Finds where a match ends.
    search: DFA,
    /// Run backwards from there, finds where it begins.
    reverse: DFA,
}

impl fmt::Debug for EventRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventRegex").field(&self.groups).finish()
    }
}

impl EventRegex {
    /// Compiles a regex that has the groups `timestamp` and `message`, or says what it lacks.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        let groups = pattern::bytes(pattern)?;
        for name in ["timestamp", "message"] {
            if !groups.capture_names().flatten().any(|group| group == name) {
                return Err(format!("it has no group (?P<{name}>...)"));
            }
        }
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

/// Finds the events in a text by a regex.
#[derive(Debug)]
pub(crate) struct Matches {
    regex: Arc<EventRegex>,
    cache: Cache,
    reverse_cache: Cache,
    /// The DFA's state before the next byte; none at the beginning of a search.
    state: Option<LazyStateID>,
    window: Vec<u8>,
    /// Offset of the window's first byte in the text.
    offset: u64,
    /// Offset in the text of the first byte that the search has seen.
    begin: u64,
    /// The next byte of the window for the DFA.
    next: usize,
    /// Where in the window the best match so far ends.
    end: Option<usize>,
    message: Vec<u8>,
}

impl Matches {
    pub(crate) fn new(regex: Arc<EventRegex>) -> Self {
        Self {
            cache: regex.search.create_cache(),
            reverse_cache: regex.reverse.create_cache(),
            regex,
            state: None,
            window: Vec::new(),
            offset: 0,
            begin: 0,
            next: 0,
            end: None,
            message: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, text: &[u8], out: &mut dyn Events) -> Result<(), Error> {
        self.window.extend_from_slice(text);
        self.search(out)?;
        self.compact();
        Ok(())
    }

    pub(crate) fn finish(&mut self, out: &mut dyn Events) -> Result<(), Error> {
        loop {
            let state = self.state()?;
            let last = (self.regex.search)
                .next_eoi_state(&mut self.cache, state)
                .map_err(|_| self.too_large())?;
            if last.is_match() {
                self.end = Some(self.window.len());
            }
            let Some(end) = self.end.take() else {
                return Ok(());
            };
            self.found(end, out)?;
            self.search(out)?;
        }
    }

    /// Feeds the DFA what is there.
    fn search(&mut self, out: &mut dyn Events) -> Result<(), Error> {
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
                // The DFA tells of a match one byte late.
                self.check_undecided(self.next - 1)?;
                self.end = Some(self.next - 1);
            } else if state.is_dead() {
                self.check_undecided(self.next - 1)?;
                match self.end.take() {
                    Some(end) => {
                        self.found(end, out)?;
                        state = self.state()?;
                    }
                    // The regex is anchored at the beginning of the text: nothing can follow.
                    None => self.next = self.window.len(),
                }
            } else if state.is_quit() {
                return Err(self.too_large());
            }
        }
        self.state = Some(state);
        self.check_undecided(self.next)
    }

    /// A match has been found, but what follows may still make it another. That is not waited for
    /// without bound, wherever the chunks end.
    fn check_undecided(&self, next: usize) -> Result<(), Error> {
        match self.end {
            Some(end) if next - end > MAX_MATCH => Err(self.too_long(end)),
            _ => Ok(()),
        }
    }

    /// Takes the event out of the match that ends at `end`, and begins a new search there.
    fn found(&mut self, end: usize, out: &mut dyn Events) -> Result<(), Error> {
        let begin = self.match_begin(end)?;
        let Some(groups) = self.regex.groups.captures_at(&self.window, begin) else {
            return Err(self.too_large());
        };
        let whole = groups.get_match();
        if whole.len() > MAX_MATCH {
            return Err(self.too_long(end));
        }
        let group = |name| groups.name(name).map_or(&[][..], |group| group.as_bytes());
        let (timestamp, escaped) = (group("timestamp"), group("message"));
        self.message.clear();
        let decoded = unescape(escaped, &mut self.message);
        let message = decoded.map_or(escaped, |()| &self.message);
        if message.len() > MAX_MESSAGE {
            let begin = self.offset + whole.start() as u64;
            return Err(Reason::MessageTooLong(MAX_MESSAGE).in_text(begin));
        }
        let event = Event { timestamp, message };
        match decoded {
            Ok(()) => out.event(event, Standing::Data)?,
            Err(_) => out.undecodable(event, Rejection::Escape)?,
        }
        self.begin = self.offset + end as u64;
        self.next = end;
        self.state = None;
        Ok(())
    }

    /// Where in the window to look for the match that ends at `end`: it begins there or later.
    ///
    /// The search may have begun so long ago that not all of its bytes are kept. Then the match is
    /// followed backwards as far as a match may reach, and what reaches farther is a fault: cut off,
    /// it would be another match.
    fn match_begin(&mut self, end: usize) -> Result<usize, Error> {
        if self.offset + end as u64 - self.begin <= REACH as u64 {
            return Ok((self.begin - self.offset) as usize);
        }
        let input = Input::new(&self.window)
            .range(end - REACH..end)
            .anchored(Anchored::Yes);
        let mut state = (self.regex.reverse)
            .start_state_reverse(&mut self.reverse_cache, &input)
            .map_err(|_| self.too_large())?;
        let mut begin = end;
        for at in input.get_range().rev() {
            state = (self.regex.reverse)
                .next_state(&mut self.reverse_cache, state, self.window[at])
                .map_err(|_| self.too_large())?;
            if state.is_match() {
                begin = at + 1;
            } else if state.is_dead() {
                return Ok(begin);
            }
        }
        Err(self.too_long(end))
    }

    /// The DFA's state; at the beginning of a search, the one that suits the byte before.
    fn state(&mut self) -> Result<LazyStateID, Error> {
        if let Some(state) = self.state {
            return Ok(state);
        }
        let input = Input::new(&self.window).range(self.next..);
        (self.regex.search)
            .start_state_forward(&mut self.cache, &input)
            .map_err(|_| self.too_large())
    }

    /// Forgets what no match can reach any more.
    fn compact(&mut self) {
        let reach = self.end.unwrap_or(self.next).saturating_sub(REACH);
        let searched = self.begin.saturating_sub(self.offset) as usize;
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
