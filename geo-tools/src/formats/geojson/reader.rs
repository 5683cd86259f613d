//! The iterator over a file: records of a text sequence, and the features of a collection as they are parsed.

use std::collections::{HashMap, VecDeque};
use std::io::Read;
use std::sync::Arc;

use super::finish::{self, Root};
use super::lexer::Lexer;
use super::object::{Draft, Parser, Role};
use super::plain::{Found, Plain};
use super::source::Source;
use super::{Caps, Code, Feature, Item, Problem, Stop};
use crate::datum::Datum;
use crate::formats::id_key;
use crate::geometry::{Geometry, Polygon};
use crate::problem::Severity;
use crate::shown;

/// The deepest that [`Caps::max_depth`] can allow, so that a thread's stack always suffices.
const MAX_DEPTH: usize = 100;
const RECORD_SEPARATOR: u8 = 0x1e;

/// Gives the features and problems of a GeoJSON file in its order. Made by [`super::read`].
pub struct Reader<R: Read> {
    parser: Parser<R>,
    plain: Plain,
    queue: VecDeque<Item>,
    state: State,
    /// The first feature with each id.
    ids: HashMap<String, usize>,
    feature_count: usize,
    position_count: usize,
    problem_count: usize,
    record_count: usize,
    /// The line that the record before ended on; another on the same line needs a separator.
    ended_on_line: u64,
    separated: bool,
    broke_off: bool,
    /// What stood in the feature that the problems in the queue are about.
    refused: Option<Arc<Refused>>,
}

/// What stood in a feature that is left out, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refused {
    /// Its own id.
    pub id: Option<String>,
    /// Its properties.
    pub properties: serde_json::Map<String, serde_json::Value>,
    /// The two numbers of a point, or what stood in their place.
    pub lon_lat: Option<[String; 2]>,
}

impl<R: Read> std::fmt::Debug for Reader<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reader").field("feature_count", &self.feature_count).finish_non_exhaustive()
    }
}

enum State {
    BetweenRecords,
    /// In the `features` of a collection, whose members so far are in the draft.
    InFeatures {
        root: Box<Draft>,
        next: usize,
    },
    Done,
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Some(item);
            }
            if matches!(self.state, State::Done) {
                return None;
            }
            if let Err(stop) = self.step() {
                self.stopped(stop);
            }
            if self.problem_count > self.parser.caps.max_problems {
                let message =
                    format!("more than {} problems; the rest is not told", self.parser.caps.max_problems);
                self.queue.push_back(Item::Problem(Problem::error(Code::TooLarge, message)));
                self.state = State::Done;
                self.broke_off = true;
            }
        }
    }
}

/// The pointer to an item of a collection's features.
fn item_pointer(item: usize) -> String {
    format!("/features/{item}")
}

fn position_count(geometry: &Geometry) -> usize {
    match geometry {
        Geometry::Point(_) => 1,
        Geometry::MultiPoint(positions) => positions.len(),
        Geometry::MultiLine(lines) => lines.iter().map(Vec::len).sum(),
        Geometry::MultiPolygon(polygons) => polygons.iter().flat_map(Polygon::rings).map(<[_]>::len).sum(),
    }
}

impl<R: Read> Reader<R> {
    /// Whether reading ended before the file did, so that what follows is not known, or the file is no GeoJSON of features
    /// at all; said once the last item is given.
    pub fn broke_off(&self) -> bool {
        self.broke_off
    }

    pub(super) fn new(reader: R, mut caps: Caps) -> Self {
        caps.max_depth = caps.max_depth.min(MAX_DEPTH);
        let lexer = Lexer::new(Source::new(reader, caps.max_bytes), caps.max_depth, caps.max_text_bytes);
        Self {
            plain: Plain::new(&caps),
            parser: Parser { lexer, caps, datum: Datum::default() },
            queue: VecDeque::new(),
            state: State::BetweenRecords,
            ids: HashMap::new(),
            feature_count: 0,
            position_count: 0,
            problem_count: 0,
            record_count: 0,
            ended_on_line: 0,
            separated: false,
            broke_off: false,
            refused: None,
        }
    }

    /// What stood in the feature that the problem given last is about; `None` where it is about the file, or where the bytes
    /// had no meaning any more.
    pub fn refused(&self) -> Option<&Arc<Refused>> {
        self.refused.as_ref()
    }

    /// Takes the file's numbers for those of a datum; without this they are WGS 84, as RFC 7946 asks.
    #[must_use]
    pub fn in_datum(mut self, datum: Datum) -> Self {
        self.parser.datum = datum;
        self
    }

    fn step(&mut self) -> Result<(), Stop> {
        self.refused = None;
        match std::mem::replace(&mut self.state, State::Done) {
            State::Done => Ok(()),
            State::BetweenRecords => self.record(),
            State::InFeatures { root, next } => self.item(root, next),
        }
    }

    /// Starts the next record, if there is one.
    fn record(&mut self) -> Result<(), Stop> {
        let lexer = &mut self.parser.lexer;
        while lexer.skip_space()? == Some(RECORD_SEPARATOR) {
            lexer.source.advance(1);
            self.separated = true;
        }
        let line = lexer.source.line();
        match lexer.source.peek()? {
            None if self.record_count > 0 => return Ok(()),
            None => return Err(lexer.refuse(Code::NotGeojson, "the file is empty")),
            Some(b'{') if self.record_count > 0 && !self.separated && line == self.ended_on_line => {
                return Err(
                    lexer.refuse(Code::NotGeojson, "a second value on one line, where the file must end")
                );
            }
            Some(b'{') => {}
            Some(b'[') => return Err(self.brackets()),
            Some(_) => return Err(lexer.unexpected("the object of a GeoJSON file")),
        }
        self.record_count += 1;
        if let Some(feature) = self.plain_feature(None) {
            self.record_ended();
            return self.give(feature, None);
        }
        self.parser.lexer.source.advance(1);
        let root = Box::new(Draft::at(line));
        if self.parser.lexer.skip_space()? == Some(b'}') {
            self.parser.lexer.source.advance(1);
            return self.root_ended(root);
        }
        self.members(root)
    }

    /// A file that starts with an array is refused; one of nothing but brackets for their depth.
    fn brackets(&mut self) -> Stop {
        let lexer = &mut self.parser.lexer;
        let mut depth = 0;
        loop {
            match lexer.skip_space() {
                Err(stop) => return stop,
                Ok(Some(b'[')) => lexer.source.advance(1),
                Ok(_) => return lexer.refuse(Code::NotGeojson, "the file is an array; GeoJSON is an object"),
            }
            depth += 1;
            if let Err(stop) = lexer.check_depth(depth) {
                return stop;
            }
        }
    }

    /// Reads members of the root until it ends or its features begin.
    fn members(&mut self, mut root: Box<Draft>) -> Result<(), Stop> {
        loop {
            let key = self.parser.key(&mut root, "")?;
            let may_be_collection = match &root.type_name {
                None => true,
                Some(name) => name.as_ref().is_ok_and(|name| name == "FeatureCollection"),
            };
            if key == "features" && may_be_collection {
                if self.parser.lexer.skip_space()? != Some(b'[') {
                    return Err(self.parser.lexer.unexpected("the array of features"));
                }
                self.parser.lexer.source.advance(1);
                root.has_features = true;
                if self.parser.lexer.skip_space()? != Some(b']') {
                    self.state = State::InFeatures { root, next: 0 };
                    return Ok(());
                }
                self.parser.lexer.source.advance(1);
            } else {
                self.parser.member(&mut root, Role::Root, &key, "", 1)?;
            }
            if !self.parser.lexer.another(b'}')? {
                return self.root_ended(root);
            }
        }
    }

    /// Reads an item of a collection's features.
    fn item(&mut self, root: Box<Draft>, next: usize) -> Result<(), Stop> {
        let index = self.feature_count;
        let placed = |stop: Stop| Stop { place: Some((item_pointer(next), index)), ..stop };
        if self.parser.lexer.skip_space()? != Some(b'{') {
            self.no_feature(next).map_err(placed)?;
        } else if let Some(feature) = self.plain_feature(Some(next)) {
            self.give(feature, None)?;
        } else {
            let pointer = item_pointer(next);
            let draft = self.parser.object(Role::Feature, &pointer, 2).map_err(placed)?;
            let lon_lat = draft.point_as_given();
            self.give(finish::feature(draft, &pointer, index), lon_lat)?;
        }
        if self.parser.lexer.another(b']').map_err(placed)? {
            self.state = State::InFeatures { root, next: next + 1 };
        } else if self.parser.lexer.another(b'}')? {
            self.members(root)?;
        } else {
            self.root_ended(root)?;
        }
        Ok(())
    }

    /// The feature that starts here, if nothing has to be said about it; which item of a collection's it is, if it is one.
    fn plain_feature(&mut self, item: Option<usize>) -> Option<Feature> {
        if self.parser.datum != Datum::Wgs84 {
            return None;
        }
        let source = &mut self.parser.lexer.source;
        let Found { id, properties, geometry, length_bytes, lines } = self.plain.feature(source.rest())?;
        let line = source.line();
        source.advance(length_bytes);
        source.count_lines(lines);
        let (index, pointer) = (self.feature_count, item.map_or_else(String::new, item_pointer));
        Some(Feature { index, id, properties, geometry: Some(geometry), line, pointer, warnings: Vec::new() })
    }

    /// Passes what stands where a feature must.
    fn no_feature(&mut self, next: usize) -> Result<(), Stop> {
        let line = self.parser.lexer.source.line();
        let refused = self.parser.lexer.unexpected("a feature");
        if !matches!(refused.code, Code::NotGeojson) {
            return Err(refused);
        }
        self.parser.lexer.skip_value(2)?;
        let mut problem = Problem::error(Code::NotGeojson, refused.message);
        (problem.pointer, problem.line, problem.indexes) =
            (Some(item_pointer(next)), Some(line), vec![self.feature_count]);
        self.feature_count += 1;
        self.tell(problem);
        Ok(())
    }

    /// Notes that a record has ended; whether it is a file of its own.
    fn record_ended(&mut self) -> bool {
        self.ended_on_line = self.parser.lexer.source.line();
        let alone = !self.separated && self.record_count == 1;
        self.separated = false;
        self.state = State::BetweenRecords;
        alone
    }

    fn root_ended(&mut self, mut root: Box<Draft>) -> Result<(), Stop> {
        let alone = self.record_ended();
        match finish::root(&root) {
            Root::Feature => {
                let lon_lat = root.point_as_given();
                self.give(finish::feature(*root, "", self.feature_count), lon_lat)
            }
            Root::Geometry => self.give(finish::bare_geometry(*root, self.feature_count), None),
            Root::Collection => {
                for problem in root.problems.drain(..) {
                    self.tell(problem);
                }
                if !root.has_features {
                    self.broke_off = alone;
                    let mut problem = Problem::error(Code::NotGeojson, "the collection has no features");
                    (problem.pointer, problem.line) = (Some("/features".to_owned()), Some(root.line));
                    self.tell(problem);
                }
                Ok(())
            }
            Root::Unknown(problem) => {
                self.broke_off = alone;
                for problem in root.problems.drain(..).chain([problem]) {
                    self.tell(problem);
                }
                Ok(())
            }
        }
    }

    /// Queues a feature, or its problems where one of them is an error.
    fn give(&mut self, mut feature: Feature, lon_lat: Option<[String; 2]>) -> Result<(), Stop> {
        let caps = &self.parser.caps;
        self.feature_count += 1;
        self.position_count += feature.geometry.as_ref().map_or(0, position_count);
        if self.feature_count > caps.max_features {
            let message = format!("more than {} features", caps.max_features);
            return Err(self.parser.lexer.refuse(Code::TooLarge, &message));
        }
        if self.position_count > caps.max_positions {
            let message = format!("more than {} positions", caps.max_positions);
            return Err(self.parser.lexer.refuse(Code::TooLarge, &message));
        }
        if let Some(id) = &feature.id {
            let first = *self.ids.entry(id_key(id)).or_insert(feature.index);
            if first != feature.index {
                let shown = shown::text(id);
                let message =
                    format!("the id \u{201c}{shown}\u{201d} is also that of feature {first}, counted from 0");
                feature.warnings.push(Problem {
                    features: vec![id.clone()],
                    indexes: vec![first, feature.index],
                    line: Some(feature.line),
                    pointer: Some(format!("{}/id", feature.pointer)),
                    ..Problem::error(Code::DuplicateId, message)
                });
            }
        }
        if feature.warnings.iter().any(|problem| problem.severity == Severity::Error) {
            for problem in feature.warnings {
                self.tell(problem);
            }
            let lon_lat = lon_lat.or_else(|| match &feature.geometry {
                Some(Geometry::Point(at)) => self.parser.datum.texts(*at),
                _ => None,
            });
            let properties = feature.properties.into_map();
            self.refused = Some(Arc::new(Refused { id: feature.id, properties, lon_lat }));
        } else {
            self.queue.push_back(Item::Feature(feature));
        }
        Ok(())
    }

    fn tell(&mut self, problem: Problem) {
        self.problem_count += 1;
        self.queue.push_back(Item::Problem(problem));
    }

    /// Tells why the bytes have no meaning, and looks for the next record where the file is a sequence.
    fn stopped(&mut self, stop: Stop) {
        let sequence = self.separated || self.record_count > 1;
        let resume = sequence && stop.ends_only_the_record();
        self.tell(stop.into_problem());
        self.state = State::Done;
        if !resume {
            self.broke_off = true;
            return;
        }
        let mark = if self.separated { RECORD_SEPARATOR } else { b'\n' };
        match self.parser.lexer.source.skip_to(mark) {
            Ok(true) => self.state = State::BetweenRecords,
            Ok(false) => {}
            Err(stop) => {
                self.broke_off = true;
                self.tell(stop.into_problem());
            }
        }
    }
}
