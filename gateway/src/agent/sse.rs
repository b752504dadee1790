//! Server-sent events from any slicing of bytes, as WHATWG HTML §9.2.6 reads them, with a bound on what is held back.
//!
//! `eventsource-stream` has no such bound: one endless line would fill the memory. Every byte is looked at once, and
//! only lines that are cut between slices are copied.

use std::ops::ControlFlow;

/// So much memory is kept for the next line and the next event.
const KEPT: usize = 64 * 1024;

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event<'a> {
    /// Empty when the stream names none.
    pub(super) name: &'a str,
    pub(super) data: &'a str,
}

/// An event is larger than allowed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// Collects bytes until they make events.
#[derive(Debug)]
pub(super) struct Decoder {
    limit: usize,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    pending: Pending,
    first_line: bool,
    after_cr: bool,
}

/// An event whose end has not come. Its memory is used again for the next one, but for what only a large one needed.
#[derive(Debug, Default)]
struct Pending {
    name: String,
    data: String,
    has_data: bool,
}

impl Decoder {
    /// Refuses events of more bytes than this.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, line: Vec::new(), pending: Pending::default(), first_line: true, after_cr: false }
    }

    /// Hands over the events that these bytes complete, one after the other, until one breaks off.
    pub(super) fn feed<E: From<TooLarge>>(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(Event<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<ControlFlow<()>, E> {
        while let Some(&first) = bytes.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let piece = &bytes[..end.unwrap_or(bytes.len())];
            if self.line.len() + piece.len() + self.pending.data.len() > self.limit {
                return Err(TooLarge.into());
            }
            let Some(end) = end else {
                self.line.extend_from_slice(piece);
                break;
            };
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            let first_line = std::mem::take(&mut self.first_line);
            let complete = if self.line.is_empty() {
                self.pending.take(piece, first_line)
            } else {
                self.line.extend_from_slice(piece);
                let complete = self.pending.take(&self.line, first_line);
                self.line.clear();
                self.line.shrink_to(KEPT);
                complete
            };
            if complete && self.pending.hand_over(&mut each)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl Pending {
    /// Takes a line; true when it is the empty one that ends an event.
    fn take(&mut self, line: &[u8], first_line: bool) -> bool {
        let line = String::from_utf8_lossy(line);
        let line = if first_line { line.trim_start_matches('\u{feff}') } else { &*line };
        if line.is_empty() {
            return true;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
        false
    }

    fn hand_over<E>(
        &mut self,
        each: &mut impl FnMut(Event<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<ControlFlow<()>, E> {
        let flow = if std::mem::take(&mut self.has_data) {
            each(Event { name: &self.name, data: &self.data })
        } else {
            Ok(ControlFlow::Continue(()))
        };
        self.name.clear();
        self.data.clear();
        self.data.shrink_to(KEPT);
        flow
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &str = "\u{feff}event: delta\r\ndata: {\"text\":\"grüße\"}\r\n\r\n: comment\n\ndata: a\rdata:b\r\rid: 7\n\
        event: empty\n\nevent: done\ndata\n\ndata: never ended";

    fn fed(decoder: &mut Decoder, bytes: &[u8]) -> Result<Vec<(String, String)>, TooLarge> {
        let mut events = Vec::new();
        let flow = decoder.feed(bytes, |event| {
            events.push((event.name.to_owned(), event.data.to_owned()));
            Ok::<_, TooLarge>(ControlFlow::Continue(()))
        })?;
        assert!(flow.is_continue());
        Ok(events)
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
                events.extend(fed(&mut decoder, &STREAM.as_bytes()[from..to]).unwrap());
                from = to;
            }
            let expected = [("delta", "{\"text\":\"grüße\"}"), ("", "a\nb"), ("done", "")];
            prop_assert_eq!(events, expected.map(|(name, data)| (name.to_owned(), data.to_owned())));
        }
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut decoder = Decoder::new(10);
        assert!(fed(&mut decoder, b"data: ab\n\ndata: ab\n\n").is_ok());
        assert_eq!(fed(&mut decoder, b"data: 0123456789"), Err(TooLarge));
        assert_eq!(fed(&mut Decoder::new(10), b"data: 0123456789\n\n"), Err(TooLarge));
        let mut decoder = Decoder::new(10);
        let fed = (0..20).try_for_each(|_| fed(&mut decoder, b"data: ab\n").map(|_| ()));
        assert_eq!(fed, Err(TooLarge));
    }

    #[test]
    fn a_line_of_a_megabyte_comes_in_small_pieces() {
        let line = format!("data: {}\n\n", "x".repeat(1 << 20));
        let mut decoder = Decoder::new(2 << 20);
        let events: Vec<_> = line.as_bytes().chunks(7).flat_map(|piece| fed(&mut decoder, piece).unwrap()).collect();
        assert_eq!((events.len(), events[0].1.len()), (1, 1 << 20));
        assert!(decoder.line.capacity() <= KEPT && decoder.pending.data.capacity() <= KEPT, "{decoder:?}");
    }

    #[test]
    fn what_comes_after_a_break_is_not_read() {
        let mut seen = 0;
        let flow = Decoder::new(100).feed(b"data: 1\n\ndata: 2\n\ndata: 3\n\n", |_| {
            seen += 1;
            Ok::<_, TooLarge>(if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        assert_eq!((flow, seen), (Ok(ControlFlow::Break(())), 2));
    }
}
