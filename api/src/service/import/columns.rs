//! Which columns of a file an import does not take, and which it was told to take and does not find.
//!
//! Nothing of a file falls by the way unsaid: a misspelt column would pass for an empty one.

use std::collections::HashSet;

use geo_tools::{Code, Problem, shown};

use super::bad_rows::is_ours;
use super::next::Next;
use super::options::{ImportKind, ImportOptions};
use super::record::Fields;

/// So many different columns are told apart; more are no table.
const MAX_COLUMNS: usize = 1_000;
/// Names are listed up to so many characters.
const MAX_LISTED_CHARACTERS: usize = 120;
/// What may stand behind the name of a cell's name column, and says the language.
const LANGUAGES: [&str; 4] = ["_zh", "_en", ":zh", ":en"];

/// The columns and properties of one file.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    kind: ImportKind,
    taken: HashSet<String>,
    /// What was named, for what, and whether it is there.
    named: Vec<Named>,
    /// What is taken, in words.
    allowed: String,
    seen: HashSet<String>,
    /// Those that are not taken, in the order in which they were met.
    left: Vec<String>,
    has_header: bool,
}

#[derive(Clone, Debug)]
struct Named {
    field: &'static str,
    column: String,
    is_found: bool,
}

impl Columns {
    pub(super) fn of(options: &ImportOptions) -> Self {
        let (mut taken, mut named) = (HashSet::new(), Vec::new());
        taken.insert(options.id.clone().unwrap_or_else(|| "id".to_owned()));
        let fields = fields(options);
        for &field in &fields {
            let columns = options.columns.columns(field);
            taken.extend(columns.iter().cloned());
            // Without its own columns a position is an error of the file.
            if !["lon", "lat"].contains(&field) {
                let name = |column: &String| Named { field, column: column.clone(), is_found: false };
                named.extend(columns.iter().map(name));
                taken.extend(columns.is_empty().then(|| field.to_owned()));
            }
        }
        if options.kind == ImportKind::Cells {
            let name = options.name.as_deref().unwrap_or("name");
            taken.insert(name.to_owned());
            taken.extend(LANGUAGES.map(|language| format!("{name}{language}")));
            taken.extend(options.parent.clone());
            let given = [("name", &options.name), ("parent", &options.parent)];
            named.extend(given.into_iter().filter_map(|(field, column)| {
                Some(Named { field, column: column.clone()?, is_found: false })
            }));
        }
        let (seen, left) = Default::default();
        let allowed = allowed(options.kind, &fields);
        Self { kind: options.kind, taken, named, allowed, seen, left, has_header: false }
    }

    /// Looks at the columns of the next row or feature.
    pub(super) fn look_at(&mut self, next: &Next) {
        let fields = match next {
            Next::Record(record, _) => Some(&record.fields),
            Next::Bad(refused) => refused.given.as_ref().map(|given| &given.fields),
            Next::BrokeOff => None,
        };
        match fields.map(|fields| &**fields) {
            None => {}
            Some(Fields::Properties(properties)) => {
                properties.keys().for_each(|name| self.meet(name));
            }
            Some(Fields::Cells(row)) if !self.has_header => {
                self.has_header = true;
                let position = row.position_columns().map(|at| [at.lon, at.lat]);
                for (at, name) in row.columns().iter().enumerate() {
                    let is_position = position.is_some_and(|columns| columns.contains(&at));
                    if !is_position && !is_ours(row.columns(), name) {
                        self.meet(name);
                    }
                }
            }
            Some(Fields::Cells(_)) => {}
        }
    }

    fn meet(&mut self, name: &str) {
        if name.is_empty() || self.seen.contains(name) || self.seen.len() == MAX_COLUMNS {
            return;
        }
        self.seen.insert(name.to_owned());
        if self.taken.contains(name) {
            self.named
                .iter_mut()
                .filter(|named| named.column == name)
                .for_each(|named| named.is_found = true);
        } else {
            self.left.push(shown::text(name));
        }
    }

    /// What is to be said of them, once all were met.
    pub(super) fn warnings(&self) -> Vec<Problem> {
        if self.seen.is_empty() {
            return Vec::new();
        }
        let of_header = |problem: Problem| Problem { line: self.has_header.then_some(1), ..problem };
        let missing = self.named.iter().filter(|named| !named.is_found && self.seen.len() < MAX_COLUMNS);
        let missing = missing.map(|Named { field, column, .. }| {
            let column = shown::text(column);
            Problem::warning(
                Code::MissingField,
                format!("no row has {column:?}, which was named for {field}"),
            )
        });
        let left = (!self.left.is_empty()).then(|| {
            let (kind, allowed) = (self.kind.as_str(), &self.allowed);
            let message = format!("not taken: {}; an import of {kind} takes {allowed}", listed(&self.left));
            Problem::warning(Code::UnknownColumn, message)
        });
        left.into_iter().chain(missing).map(of_header).collect()
    }
}

/// The fields that are read: what a row stands for changes them.
fn fields(options: &ImportOptions) -> Vec<&'static str> {
    let all = options.kind.fields().iter().copied();
    if options.kind != ImportKind::Households {
        return all.collect();
    }
    match options.columns.column("dwellings") {
        Some(_) => all.filter(|field| ["address", "dwellings", "lat", "lon"].contains(field)).collect(),
        None => all.filter(|field| *field != "dwellings").collect(),
    }
}

fn allowed(kind: ImportKind, fields: &[&str]) -> String {
    if kind == ImportKind::Cells {
        return "what --id, --name and --parent name".to_owned();
    }
    let dwellings = if kind == ImportKind::Households && !fields.contains(&"dwellings") {
        ", as dwellings needs"
    } else {
        ""
    };
    format!("id, {}; --map FIELD=COLUMN names a column for one{dwellings}", fields.join(", "))
}

/// The first names of a list, and how many more there are.
fn listed(names: &[String]) -> String {
    let mut list = String::new();
    for (at, name) in names.iter().enumerate() {
        let name = format!("{name:?}");
        if at > 0 && list.chars().count() + name.chars().count() > MAX_LISTED_CHARACTERS {
            return format!("{list} and {} more", names.len() - at);
        }
        if at > 0 {
            list.push_str(", ");
        }
        list.push_str(&name);
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_names_is_cut_and_counted() {
        let names = |count: usize| (0..count).map(|number| format!("column {number}")).collect::<Vec<_>>();
        assert_eq!(listed(&names(2)), "\"column 0\", \"column 1\"");
        let list = listed(&names(40));
        assert!(list.ends_with(" and 30 more") && list.chars().count() < 140, "{list}");
    }
}
