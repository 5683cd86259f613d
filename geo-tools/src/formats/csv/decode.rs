//! Bytes to UTF-8: a byte order mark taken off, GBK recognised at the first byte that is not ASCII.

use std::io::{self, Chain, Cursor, Read};

use encoding_rs::{Decoder, GB18030};

use super::TextEncoding;
use crate::formats::unpack::Unpacked;
use crate::problem::{Code, Problem};

/// How much is looked at to tell UTF-8 from GBK. Chinese text in GBK stops being UTF-8 within a few characters.
const WINDOW_BYTES: usize = 1 << 16;

/// The text of a reader as UTF-8. Bytes that are neither come as U+FFFD under GBK, and as they are under UTF-8.
pub(super) struct Decoded<R: Read> {
    reader: Chain<Cursor<Vec<u8>>, Unpacked<R>>,
    /// Bytes that are still to be decoded.
    raw: Vec<u8>,
    /// Text that is still to be given, from `given` on.
    text: Vec<u8>,
    given: usize,
    ended: bool,
    opened: bool,
    state: State,
}

enum State {
    /// ASCII so far, which is the same in both.
    Undecided,
    Utf8,
    Gbk(Box<Decoder>),
}

/// Bytes that are some other format.
#[derive(Debug, thiserror::Error)]
#[error("the file is {what}; a table is text in UTF-8 or GBK, so save it as CSV")]
pub(super) struct OtherFormat {
    what: &'static str,
}

/// Why reading failed, as a problem of the file.
pub(super) fn read_problem(error: &io::Error) -> Problem {
    if error.get_ref().is_some_and(|inner| inner.is::<OtherFormat>()) {
        return Problem::error(Code::Encoding, error.to_string());
    }
    crate::formats::unpack::read_problem(error)
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(reader: Chain<Cursor<Vec<u8>>, Unpacked<R>>, encoding: Option<TextEncoding>) -> Self {
        let state = match encoding {
            None => State::Undecided,
            Some(TextEncoding::Utf8) => State::Utf8,
            Some(TextEncoding::Gbk) => State::Gbk(Box::new(GB18030.new_decoder_without_bom_handling())),
        };
        Self { reader, raw: Vec::new(), text: Vec::new(), given: 0, ended: false, opened: false, state }
    }

    /// Whether text that could not be decoded comes as U+FFFD.
    pub(super) fn replaces(&self) -> bool {
        matches!(self.state, State::Gbk(_))
    }

    /// Fills the window, so that it is short only at the end of the file.
    fn fill(&mut self) -> io::Result<()> {
        let missing = WINDOW_BYTES.saturating_sub(self.raw.len()) as u64;
        let read = self.reader.by_ref().take(missing).read_to_end(&mut self.raw)?;
        self.ended = (read as u64) < missing;
        if !self.opened {
            self.opened = true;
            self.look_at_the_start()?;
        }
        Ok(())
    }

    /// Decodes what the window holds. Under GBK this is called once with `ended`, as the decoder demands.
    fn decode(&mut self) {
        let undecided = matches!(self.state, State::Undecided);
        let ascii = self.raw.iter().position(|byte| !byte.is_ascii()).unwrap_or(self.raw.len());
        if undecided && (ascii > 0 || self.raw.is_empty()) {
            // The ASCII goes first, so that the whole window is there to judge the rest by.
            self.text.extend(self.raw.drain(..ascii));
            return;
        }
        if undecided {
            let utf8 = match std::str::from_utf8(&self.raw) {
                Ok(_) => true,
                Err(error) => error.error_len().is_none() && !self.ended,
            };
            let gbk = || State::Gbk(Box::new(GB18030.new_decoder_without_bom_handling()));
            self.state = if utf8 { State::Utf8 } else { gbk() };
        }
        if let State::Gbk(decoder) = &mut self.state {
            let room = decoder.max_utf8_buffer_length(self.raw.len()).unwrap_or(usize::MAX);
            self.text.resize(room, 0);
            let (_, _, written, _) = decoder.decode_to_utf8(&self.raw, &mut self.text, self.ended);
            self.text.truncate(written);
            self.raw.clear();
        } else {
            self.text.append(&mut self.raw);
        }
    }

    fn look_at_the_start(&mut self) -> io::Result<()> {
        let what = match self.raw.as_slice() {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => "UTF-16",
            [0xd0, 0xcf, 0x11, 0xe0, ..] => "a workbook of an old spreadsheet program",
            [0xef, 0xbb, 0xbf, ..] => {
                self.raw.drain(..3);
                self.state = State::Utf8;
                return Ok(());
            }
            _ => return Ok(()),
        };
        Err(io::Error::other(OtherFormat { what }))
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            self.text.clear();
            self.given = 0;
            if self.ended && self.raw.is_empty() {
                return Ok(0);
            }
            if !self.ended {
                self.fill()?;
            }
            self.decode();
        }
        let rest = &self.text[self.given..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}
