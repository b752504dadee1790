//! Server-sent events from any slicing of bytes, as WHATWG HTML §9.2.6 reads them, with a bound on what is held back.
//!
//! `eventsource-stream` has no such bound: one endless line would fill the memory.

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// Empty when the stream names none.
    pub(super) name: String,
    pub(super) data: String,
}

/// An event is larger than allowed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// Collects bytes until they make events.
#[derive(Debug)]
pub(super) struct Decoder {
    limit: usize,
    line: Vec<u8>,
    name: String,
    data: Option<String>,
    first_line: bool,
    after_cr: bool,
}

impl Decoder {
    /// Refuses events of more bytes than this.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, line: Vec::new(), name: String::new(), data: None, first_line: true, after_cr: false }
    }

    /// The events that these bytes complete.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Result<Vec<Event>, TooLarge> {
        let mut events = Vec::new();
        while let Some(&first) = bytes.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            self.line.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
            if self.line.len() + self.data.as_ref().map_or(0, String::len) > self.limit {
                return Err(TooLarge);
            }
            let Some(end) = end else { break };
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            events.extend(self.end_line());
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let line = if std::mem::take(&mut self.first_line) { line.trim_start_matches('\u{feff}') } else { &*line };
        if line.is_empty() {
            let name = std::mem::take(&mut self.name);
            return self.data.take().map(|data| Event { name, data });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match (field, &mut self.data) {
            ("event", _) => value.clone_into(&mut self.name),
            ("data", Some(data)) => {
                data.push('\n');
                data.push_str(value);
            }
            ("data", none) => *none = Some(value.to_owned()),
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &str = "\u{feff}event: delta\r\ndata: {\"text\":\"grüße\"}\r\n\r\n: comment\n\ndata: a\rdata:b\r\rid: 7\n\
        event: empty\n\nevent: done\ndata\n\ndata: never ended";

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    fn expected() -> Vec<Event> {
        vec![event("delta", "{\"text\":\"grüße\"}"), event("", "a\nb"), event("done", "")]
    }

    proptest! {
        #[test]
        fn the_slicing_does_not_matter(cuts in proptest::collection::vec(0..STREAM.len(), 0..12)) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            let mut decoder = Decoder::new(1024);
            let mut events = Vec::new();
            let mut from = 0;
            for to in cuts.into_iter().chain([STREAM.len()]) {
                events.extend(decoder.feed(&STREAM.as_bytes()[from..to]).unwrap());
                from = to;
            }
            prop_assert_eq!(events, expected());
        }
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut decoder = Decoder::new(10);
        assert!(decoder.feed(b"data: ab\n\ndata: ab\n\n").is_ok());
        assert_eq!(decoder.feed(b"data: 0123456789"), Err(TooLarge));
        let mut decoder = Decoder::new(10);
        let fed = (0..20).try_for_each(|_| decoder.feed(b"data: ab\n").map(|_| ()));
        assert_eq!(fed, Err(TooLarge));
    }
}
