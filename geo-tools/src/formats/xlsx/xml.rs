//! XML as a run of elements and texts, names without their prefixes.
//!
//! Invariant: one element or text has at most so many bytes, and elements nest at most so deeply; entities but for the
//! five that XML itself has are refused, so that nothing swells.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::broken;
use crate::formats::Caps;
use crate::formats::unpack::read_problem;
use crate::problem::Problem;

const MOST_DEPTH: usize = 64;
const BUFFER_BYTES: usize = 1 << 16;

/// What comes next.
#[derive(Debug, PartialEq)]
pub(super) enum Node {
    Open { name: String, attributes: Vec<(String, String)> },
    Close(String),
    Text(String),
    End,
}

/// Elements of a stream.
pub(super) struct Xml<R: Read> {
    reader: Reader<BufReader<Budget<R>>>,
    /// Bytes that may still be read before the next element is whole.
    left: Rc<Cell<usize>>,
    most: usize,
    buffer: Vec<u8>,
    depth: usize,
}

/// A reader that ends with an error once its bytes are used up.
struct Budget<R> {
    reader: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Budget<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        let left = self.left.get().checked_sub(count);
        let left = left.ok_or_else(|| io::Error::other("one element or text has too many bytes"))?;
        self.left.set(left);
        Ok(count)
    }
}

impl<R: Read> Xml<R> {
    pub(super) fn new(reader: R, caps: &Caps) -> Self {
        let most = caps.max_text_bytes + BUFFER_BYTES;
        let left = Rc::new(Cell::new(most));
        let budget = Budget { reader, left: Rc::clone(&left) };
        let mut reader = Reader::from_reader(BufReader::with_capacity(BUFFER_BYTES, budget));
        reader.config_mut().expand_empty_elements = true;
        Self { reader, left, most, buffer: Vec::new(), depth: 0 }
    }

    /// The next element or text.
    pub(super) fn node(&mut self) -> Result<Node, Box<Problem>> {
        loop {
            self.buffer.clear();
            self.left.set(self.most);
            let event = self.reader.read_event_into(&mut self.buffer).map_err(problem)?;
            return Ok(match event {
                Event::Start(start) | Event::Empty(start) => {
                    self.depth += 1;
                    if self.depth > MOST_DEPTH {
                        return Err(broken(format!("elements nest more than {MOST_DEPTH} deep")));
                    }
                    Node::Open {
                        name: start.local_name().as_ref().to_owned(),
                        attributes: attributes(&start)?,
                    }
                }
                Event::End(end) => {
                    self.depth = self.depth.saturating_sub(1);
                    Node::Close(end.local_name().as_ref().to_owned())
                }
                Event::Text(text) => Node::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Node::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(reference) => {
                    let letter = reference.resolve_char_ref().map_err(problem)?;
                    let known = quick_xml::escape::resolve_predefined_entity(&reference).map(str::to_owned);
                    let text = letter.map(String::from).or(known);
                    Node::Text(text.ok_or_else(|| broken("an entity that XML itself does not have"))?)
                }
                Event::Eof if self.depth > 0 => return Err(broken("the XML ends within an element")),
                Event::Eof => Node::End,
                Event::DocType(_) => return Err(broken("a document type, which a workbook does not have")),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            });
        }
    }
}

fn attributes(start: &BytesStart<'_>) -> Result<Vec<(String, String)>, Box<Problem>> {
    let mut read = Vec::new();
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| broken(format!("an attribute is broken: {error}")))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(problem)?;
        read.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(read)
}

fn problem(error: quick_xml::Error) -> Box<Problem> {
    match error {
        quick_xml::Error::Io(error) => Box::new(read_problem(&error)),
        other => broken(format!("the XML within the workbook is broken: {other}")),
    }
}
