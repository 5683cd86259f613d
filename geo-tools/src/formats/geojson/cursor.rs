//! A look ahead over bytes that are in memory already: it passes what is plain, and is given up where something is not.
//!
//! Invariant: nothing is said to be wrong here; whoever gives up leaves that to the [`super::lexer`].

/// A place in some bytes, and how many lines have ended before it.
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) lines: u64,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = ONES * 0x80;

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, lines: 0 }
    }

    /// The byte that stands here.
    #[inline(always)]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline(always)]
    pub(super) fn skip_space(&mut self) {
        while let Some(byte) = self.peek().filter(|byte| *byte <= b' ') {
            match byte {
                b'\n' => self.lines += 1,
                b' ' | b'\t' | b'\r' => {}
                _ => return,
            }
            self.at += 1;
        }
    }

    /// Passes a byte that must stand here, blanks before it allowed.
    #[inline(always)]
    pub(super) fn passes(&mut self, wanted: u8) -> bool {
        if self.peek() != Some(wanted) {
            self.skip_space();
            if self.peek() != Some(wanted) {
                return false;
            }
        }
        self.at += 1;
        true
    }

    /// Passes a comma or the closing bracket; true where it was the comma.
    #[inline(always)]
    pub(super) fn another(&mut self, close: u8) -> Option<bool> {
        if self.passes(b',') {
            return Some(true);
        }
        self.passes(close).then_some(false)
    }

    /// The next eight bytes, the first one lowest; zeros stand for what is missing at the end.
    #[inline(always)]
    pub(super) fn word_at(&self, at: usize) -> u64 {
        match self.bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            Some(eight) => u64::from_le_bytes(*eight),
            None => self.last_word(at),
        }
    }

    #[cold]
    fn last_word(&self, at: usize) -> u64 {
        let last = self.bytes.get(at..).unwrap_or_default();
        last.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
    }

    /// Goes on to the next quotation mark, backslash or control character, and gives it.
    #[inline(always)]
    fn skip_bare(&mut self) -> Option<u8> {
        loop {
            let word = self.word_at(self.at);
            let (quote, backslash) = (word ^ (ONES * u64::from(b'"')), word ^ (ONES * u64::from(b'\\')));
            // The high bit of the first byte that is zero, or less than a blank; what is borrowed comes after it.
            let found = (quote.wrapping_sub(ONES) & !quote)
                | (backslash.wrapping_sub(ONES) & !backslash)
                | (word.wrapping_sub(ONES * u64::from(b' ')) & !word);
            let found = found & HIGH_BITS;
            if found != 0 {
                self.at += (found.trailing_zeros() / 8) as usize;
                return self.peek();
            }
            self.at += 8;
        }
    }

    /// Passes a text without a backslash, blanks before it allowed, and gives what stands between its quotation marks.
    #[inline(always)]
    pub(super) fn bare_text(&mut self) -> Option<&'a [u8]> {
        if !self.passes(b'"') {
            return None;
        }
        let start = self.at;
        if self.skip_bare()? != b'"' {
            return None;
        }
        self.at += 1;
        Some(&self.bytes[start..self.at - 1])
    }

    /// Passes a text in which only such characters are escaped as one letter stands for.
    #[inline(always)]
    pub(super) fn text(&mut self) -> Option<()> {
        if !self.passes(b'"') {
            return None;
        }
        loop {
            match self.skip_bare()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => {
                    self.at += 1;
                    if !matches!(self.peek()?, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') {
                        return None;
                    }
                    self.at += 1;
                }
                _ => return None,
            }
        }
    }

    /// Passes digits and says how many.
    #[inline(always)]
    pub(super) fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }
}
