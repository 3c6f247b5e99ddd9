//! JSON as a tree that keeps the text of every value. A string with a bad escape is kept too.

/// A value, with its place in the text.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) begin: usize,
    pub(super) end: usize,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Object(Vec<(Node, Node)>),
    Array(Vec<Node>),
    Text(String),
    /// A string that cannot be decoded.
    BadText,
    Number,
    Literal,
}

/// Returns the objects of a text: one after another, with commas between, or in an array. Returns `None`
/// if the structure is broken.
pub(super) fn documents(text: &str) -> Option<Vec<Node>> {
    let mut reader = Reader { text, place: 0 };
    let mut documents = Vec::new();
    let mut in_array = false;
    if text.starts_with('\u{feff}') {
        reader.place = '\u{feff}'.len_utf8();
    }
    loop {
        reader.space();
        match reader.peek() {
            None => return (!in_array).then_some(documents),
            Some(b'{') => documents.push(reader.value(0)?),
            Some(b'[') if !in_array => (in_array, reader.place) = (true, reader.place + 1),
            Some(b']') if in_array => (in_array, reader.place) = (false, reader.place + 1),
            Some(b',') if !documents.is_empty() => reader.place += 1,
            Some(_) => return None,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    place: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.place).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.place += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.space();
        (self.peek()? == byte).then(|| self.place += 1)
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        if depth == 128 {
            return None;
        }
        self.space();
        let begin = self.place;
        let value = match self.peek()? {
            b'{' => Value::Object(self.members(b'}', |reader| {
                reader.space();
                let key = reader.string()?;
                reader.take(b':')?;
                Some((key, reader.value(depth + 1)?))
            })?),
            b'[' => Value::Array(self.members(b']', |reader| reader.value(depth + 1))?),
            b'"' => return self.string(),
            b'-' | b'0'..=b'9' => {
                let is_part = |c: char| matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
                let rest = &self.text[begin..];
                let number = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
                serde_json::from_str::<&serde_json::value::RawValue>(number).ok()?;
                self.place += number.len();
                Value::Number
            }
            _ => {
                let literals = ["true", "false", "null"];
                let rest = &self.text[begin..];
                self.place += literals.iter().find(|word| rest.starts_with(**word))?.len();
                Value::Literal
            }
        };
        let end = self.place;
        Some(Node { begin, end, value })
    }

    /// Reads what is between brackets, with commas.
    fn members<T>(
        &mut self,
        close: u8,
        mut member: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut members = Vec::new();
        self.place += 1;
        if self.take(close).is_some() {
            return Some(members);
        }
        loop {
            members.push(member(self)?);
            if self.take(close).is_some() {
                return Some(members);
            }
            self.take(b',')?;
        }
    }

    fn string(&mut self) -> Option<Node> {
        let begin = self.place;
        if self.peek()? != b'"' {
            return None;
        }
        self.place += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.place += 2,
                _ => self.place += 1,
            }
        }
        self.place += 1;
        let end = self.place;
        // An escape may have skipped the end, or the first byte of a character.
        let written = self.text.get(begin..end)?;
        let value = match serde_json::from_str(written) {
            Ok(text) => Value::Text(text),
            Err(_) => Value::BadText,
        };
        Some(Node { begin, end, value })
    }
}

impl Node {
    pub(super) fn written<'t>(&self, text: &'t str) -> &'t str {
        &text[self.begin..self.end]
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether a string in it, a key or a value, cannot be decoded.
    pub(super) fn has_bad_text(&self) -> bool {
        match &self.value {
            Value::BadText => true,
            Value::Object(members) => {
                (members.iter()).any(|(key, value)| key.has_bad_text() || value.has_bad_text())
            }
            Value::Array(elements) => elements.iter().any(Self::has_bad_text),
            _ => false,
        }
    }
}
