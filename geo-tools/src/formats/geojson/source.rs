//! The bytes of a JSON file in a window that slides: checked to be UTF-8, with lines counted.

use std::io::Read;

use super::Stop;
use crate::formats::unpack::{Unpacked, read_problem};
use crate::problem::Code;

/// Much more than most features, of which one in a window is cut.
const WINDOW_BYTES: usize = 1 << 18;

/// A window over the bytes of a reader.
pub(super) struct Source<R: Read> {
    reader: Unpacked<R>,
    window: Vec<u8>,
    position: usize,
    /// Up to here the window holds whole, checked characters.
    checked: usize,
    filled: usize,
    /// From here on the window is kept until [`Source::marked`] has been used.
    mark: Option<usize>,
    /// Bytes that the window has let go.
    passed: u64,
    line: u64,
    ended: bool,
    /// Why reading failed behind what the window holds: told when that has been read.
    failure: Option<Stop>,
}

impl<R: Read> Source<R> {
    pub(super) fn new(reader: R, max_bytes: u64) -> Self {
        Self {
            reader: Unpacked::new(reader, max_bytes),
            window: vec![0; WINDOW_BYTES],
            position: 0,
            checked: 0,
            filled: 0,
            mark: None,
            passed: 0,
            line: 1,
            ended: false,
            failure: None,
        }
    }

    /// The line of the next byte, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// How many bytes lie before the next one.
    pub(super) fn offset(&self) -> u64 {
        self.passed + self.position as u64
    }

    pub(super) fn count_lines(&mut self, count: u64) {
        self.line += count;
    }

    #[inline]
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Stop> {
        if self.position < self.checked || self.refill()? {
            return Ok(Some(self.window[self.position]));
        }
        Ok(None)
    }

    /// What the window holds from here on; possibly nothing.
    #[inline]
    pub(super) fn rest(&self) -> &[u8] {
        &self.window[self.position..self.checked]
    }

    #[inline]
    pub(super) fn advance(&mut self, count: usize) {
        self.position += count;
    }

    pub(super) fn set_mark(&mut self) {
        self.mark = Some(self.position);
    }

    pub(super) fn marked_bytes(&self) -> usize {
        self.mark.map_or(0, |mark| self.position - mark)
    }

    /// What was passed since the mark, which is taken away.
    pub(super) fn marked(&mut self) -> &[u8] {
        let start = self.mark.take().unwrap_or(self.position);
        &self.window[start..self.position]
    }

    /// Passes everything up to a byte; false where the file ends before it.
    pub(super) fn skip_to(&mut self, wanted: u8) -> Result<bool, Stop> {
        self.mark = None;
        while let Some(byte) = self.peek()? {
            if byte == wanted {
                return Ok(true);
            }
            if byte == b'\n' {
                self.line += 1;
            }
            self.position += 1;
        }
        Ok(false)
    }

    /// Makes the window hold at least one byte more; false at the end of the file.
    #[cold]
    pub(super) fn refill(&mut self) -> Result<bool, Stop> {
        loop {
            if let Some(failure) = self.failure.take() {
                return Err(Stop { line: self.line, ..failure });
            }
            if self.ended {
                return Ok(false);
            }
            self.make_room();
            let start_of_file = self.passed == 0 && self.checked == 0;
            self.fill();
            if start_of_file {
                self.look_at_the_start()?;
            }
            self.check()?;
            if self.position < self.checked {
                return Ok(true);
            }
        }
    }

    /// Fills the window to its end, so that what is told does not hang on how the bytes come in.
    fn fill(&mut self) {
        while self.filled < self.window.len() && !self.ended {
            match self.reader.read(&mut self.window[self.filled..]) {
                Ok(count) => {
                    self.filled += count;
                    self.ended = count == 0;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let problem = read_problem(&error);
                    self.failure = Some(Stop::new(problem.code, problem.message, self.line));
                    self.ended = true;
                }
            }
        }
    }

    fn make_room(&mut self) {
        let keep = self.mark.unwrap_or(self.position);
        self.window.copy_within(keep..self.filled, 0);
        self.passed += keep as u64;
        self.position -= keep;
        self.checked -= keep;
        self.filled -= keep;
        self.mark = self.mark.map(|_| 0);
        if self.filled * 2 > self.window.len() {
            self.window.resize(self.window.len() * 2, 0);
        }
    }

    /// Passes over a byte order mark of UTF-8 and refuses UTF-16 by its name.
    fn look_at_the_start(&mut self) -> Result<(), Stop> {
        let start = &self.window[..self.filled];
        let wide = start.starts_with(&[0xff, 0xfe])
            || start.starts_with(&[0xfe, 0xff])
            || matches!(start, [0, byte, ..] | [byte, 0, ..] if *byte != 0);
        if wide {
            let message = "the file is UTF-16 or UTF-32; GeoJSON is UTF-8, so save it as that";
            return Err(Stop::new(Code::Encoding, message, 1));
        }
        if start.starts_with(&[0xef, 0xbb, 0xbf]) {
            self.position = 3;
            self.checked = 3;
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), Stop> {
        let fresh = &self.window[self.checked..self.filled];
        if is_plain(fresh) {
            self.checked = self.filled;
            return Ok(());
        }
        let (good, fault) = match std::str::from_utf8(fresh) {
            Ok(_) => (fresh.len(), None),
            // A character cut by the window's edge, whose rest comes with the next read, or by what ended the reading.
            Err(error) if error.error_len().is_none() && (!self.ended || self.failure.is_some()) => {
                (error.valid_up_to(), None)
            }
            Err(error) => (error.valid_up_to(), Some("bytes that are not UTF-8")),
        };
        let nul =
            fresh[..good].contains(&0).then(|| fresh[..good].iter().position(|byte| *byte == 0)).flatten();
        let nul = nul.map(|at| (at, "a NUL byte"));
        if let Some((at, what)) = nul.or(fault.map(|what| (good, what))) {
            let before = &self.window[self.position..self.checked + at];
            let line = self.line + before.iter().filter(|byte| **byte == b'\n').count() as u64;
            let offset = self.passed + (self.checked + at) as u64;
            return Err(Stop::new(
                Code::Encoding,
                format!("{what} at byte {offset}; GeoJSON is UTF-8 text"),
                line,
            ));
        }
        self.checked += good;
        Ok(())
    }
}

/// Whether all bytes are ASCII and none is NUL. Without a branch, so that many are looked at at once.
fn is_plain(bytes: &[u8]) -> bool {
    // The high bit of a byte is set in itself where it is not ASCII, and in the byte below it where it is NUL.
    bytes.iter().fold(0, |all, byte| all | byte | byte.wrapping_sub(1)) < 0x80
}
