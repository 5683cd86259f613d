//! Bytes as they are meant: gzip is recognised by its first two bytes and unpacked, under a cap.

use std::io::{self, Chain, Cursor, Read};

use flate2::read::MultiGzDecoder;

use crate::problem::{Code, Problem};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The bytes of a reader, unpacked where they are gzip.
pub(super) struct Unpacked<R: Read> {
    stage: Stage<R>,
    given_bytes: u64,
    max_bytes: u64,
}

enum Stage<R: Read> {
    Unopened(Option<R>),
    Plain(Chain<Cursor<Vec<u8>>, R>),
    Gzip(Box<MultiGzDecoder<Chain<Cursor<Vec<u8>>, R>>>),
}

/// More bytes than the cap.
#[derive(Debug, thiserror::Error)]
#[error("the file holds more than {max_bytes} bytes once unpacked, the most that is read")]
struct TooManyBytes {
    max_bytes: u64,
}

impl<R: Read> Unpacked<R> {
    pub(super) fn new(reader: R, max_bytes: u64) -> Self {
        Self { stage: Stage::Unopened(Some(reader)), given_bytes: 0, max_bytes }
    }

    fn open(&mut self) -> io::Result<()> {
        let Stage::Unopened(reader) = &mut self.stage else { return Ok(()) };
        let Some(mut reader) = reader.take() else {
            return Err(io::Error::other("a read had failed before"));
        };
        let mut start = Vec::with_capacity(GZIP_MAGIC.len());
        reader.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut start)?;
        let packed = start == GZIP_MAGIC;
        let whole = Cursor::new(start).chain(reader);
        self.stage =
            if packed { Stage::Gzip(Box::new(MultiGzDecoder::new(whole))) } else { Stage::Plain(whole) };
        Ok(())
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.open()?;
        let count = match &mut self.stage {
            Stage::Unopened(_) => 0,
            Stage::Plain(reader) => reader.read(buffer)?,
            Stage::Gzip(reader) => reader.read(buffer)?,
        };
        self.given_bytes += count as u64;
        if self.given_bytes > self.max_bytes {
            return Err(too_many_bytes(self.max_bytes));
        }
        Ok(count)
    }
}

/// A file that unpacks to more than the cap; [`read_problem`] knows it.
pub(super) fn too_many_bytes(max_bytes: u64) -> io::Error {
    io::Error::other(TooManyBytes { max_bytes })
}

/// Why a read of [`Unpacked`] failed, as a problem of the file.
pub(super) fn read_problem(error: &io::Error) -> Problem {
    let capped = error.get_ref().is_some_and(|inner| inner.is::<TooManyBytes>());
    if capped {
        return Problem::error(Code::TooLarge, error.to_string());
    }
    Problem::error(Code::Unreadable, format!("the bytes cannot be read to their end: {error}"))
}
