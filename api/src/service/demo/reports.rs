//! What is reported in the demo: a category, a sentence and a place on a real street or at a real house.

use domain::incident::{Channel, IncidentDraft};
use domain::text::{IncidentText, Note};
use geo_tools::formats::{Caps, Item, geojson};
use geo_tools::generate::{Building, Street, Town};
use geo_tools::locator::Locator;
use geo_tools::{Bounds, Geometry, Position};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::DemoError;

const INCIDENTS: &str = include_str!("../../../demo/incidents.toml");
pub(super) const BUILDINGS: &[u8] = include_bytes!("../../../demo/town-helsinki/buildings_points.geojson.gz");
pub(super) const ROADS: &[u8] = include_bytes!("../../../demo/town-helsinki/roads.geojson.gz");

/// How far a phone may be off, in metres.
const ACCURACIES_M: [f64; 5] = [4.0, 6.0, 9.0, 15.0, 28.0];
/// A generated street has so many pieces along each block.
const VERTICES_PER_BLOCK: usize = 4;

/// Makes reports: the same ones for the same chance.
#[derive(Debug)]
pub(super) struct Reports {
    kinds: Vec<Kind>,
    houses: Vec<Site>,
    streets: Vec<Site>,
    languages: Languages,
}

/// What people of a town write in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Languages {
    Chinese,
    ChineseAndEnglish,
}

#[derive(Debug, Deserialize)]
struct IncidentFile {
    kind: Vec<Kind>,
}

#[derive(Debug, Deserialize)]
struct Kind {
    category: String,
    weight: u32,
    on: Place,
    zh: Vec<String>,
    en: Vec<String>,
    closed: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Place {
    Street,
    House,
}

/// A place that a sentence can name.
#[derive(Debug)]
struct Site {
    name: String,
    position: Position,
}

impl Reports {
    /// Reads the sentences, and the places of Helsinki that lie within bounds.
    pub(super) fn of_helsinki(within: Bounds) -> Result<Self, DemoError> {
        let mut houses = Vec::new();
        for (properties, geometry) in features(BUILDINGS)? {
            let (street, number) = (text(&properties, "street"), text(&properties, "housenumber"));
            if let (Some(street), Some(number), Geometry::Point(position)) = (street, number, geometry) {
                houses.push(Site { name: format!("{street} {number}"), position });
            }
        }
        let mut streets = Vec::new();
        for (properties, geometry) in features(ROADS)? {
            if let (Some(name), Geometry::MultiLine(lines)) = (text(&properties, "name"), geometry) {
                let positions = lines.into_iter().flatten();
                streets.extend(positions.map(|position| Site { name: name.clone(), position }));
            }
        }
        for sites in [&mut houses, &mut streets] {
            sites.retain(|site| within.contains(site.position));
            if sites.is_empty() {
                return Err(DemoError::Data("the town has no streets or houses"));
            }
        }
        Ok(Self { kinds: kinds()?, houses, streets, languages: Languages::ChineseAndEnglish })
    }

    /// Reads the sentences, and takes the places of a generated town: its houses, and the corners of its streets but for
    /// those on the town's outline that are no cell's.
    pub(super) fn of_town(town: &Town) -> Result<Self, DemoError> {
        let house =
            |building: &Building| Site { name: building.address.clone(), position: building.position };
        let houses = town.buildings.iter().map(house).collect();
        let locator = Locator::build(&town.coverage);
        let corners = |street: &Street| -> Vec<Site> {
            let positions: Vec<Position> = street.line.iter().copied().step_by(VERTICES_PER_BLOCK).collect();
            let owned =
                positions.iter().zip(locator.locate_many(&positions)).filter(|(_, owner)| owner.is_some());
            owned.map(|(&position, _)| Site { name: street.name.clone(), position }).collect()
        };
        let streets = town.streets.iter().flat_map(corners).collect();
        Ok(Self { kinds: kinds()?, houses, streets, languages: Languages::Chinese })
    }

    /// The next report.
    pub(super) fn draw(&self, chance: &mut StdRng) -> Result<IncidentDraft, DemoError> {
        let bare = || DemoError::Data("incidents.toml lacks sentences");
        let kind = self.kinds.choose_weighted(chance, |kind| kind.weight).map_err(|_| bare())?;
        let sites = if kind.on == Place::House { &self.houses } else { &self.streets };
        let site = sites.choose(chance).ok_or_else(bare)?;
        let in_chinese = self.languages == Languages::Chinese || chance.random_bool(0.5);
        let sentences = if in_chinese { &kind.zh } else { &kind.en };
        let sentence = sentences.choose(chance).ok_or_else(bare)?.replace("{place}", &site.name);
        let channels = [
            Channel::Patrol,
            Channel::Patrol,
            Channel::Hotline,
            Channel::Web,
            Channel::QrCode,
            Channel::Phone,
        ];
        let channel = *channels.choose(chance).ok_or_else(bare)?;
        let by_phone = matches!(channel, Channel::Patrol | Channel::Web | Channel::QrCode);
        Ok(IncidentDraft {
            category: kind.category.clone(),
            text: IncidentText::parse(&sentence).map_err(|_| bare())?,
            position: site.position,
            accuracy_m: if by_phone { ACCURACIES_M.choose(chance).copied() } else { None },
            channel,
            occurred_at: None,
        })
    }

    /// What is noted when an incident of a category is closed.
    pub(super) fn closing_note(&self, category: &str, chance: &mut StdRng) -> Option<Note> {
        let kind = self.kinds.iter().find(|kind| kind.category == category)?;
        let is_spoken = |note: &&String| self.languages != Languages::Chinese || !note.is_ascii();
        let notes: Vec<&String> = kind.closed.iter().filter(is_spoken).collect();
        Note::parse(notes.choose(chance)?).ok()
    }
}

fn kinds() -> Result<Vec<Kind>, DemoError> {
    let file: IncidentFile =
        toml::from_str(INCIDENTS).map_err(|_| DemoError::Data("incidents.toml cannot be read"))?;
    Ok(file.kind)
}

/// What a feature is like, and where it is.
type Described = (Map<String, Value>, Geometry);

fn features(bytes: &[u8]) -> Result<Vec<Described>, DemoError> {
    let mut features = Vec::new();
    for item in geojson::read(bytes, &Caps::default()) {
        match item {
            Item::Feature(feature) => {
                features.extend(feature.geometry.map(|geometry| (feature.properties.into_map(), geometry)));
            }
            Item::Problem(_) => return Err(DemoError::Data("the town cannot be read")),
        }
    }
    Ok(features)
}

fn text(properties: &Map<String, Value>, name: &str) -> Option<String> {
    properties.get(name)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use domain::rules::Rules;
    use geo_tools::generate::{Day, TownOptions};
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn every_report_is_of_a_category_of_the_rules_and_lies_in_the_town() {
        let at = |lon, lat| Position::new(lon, lat).expect("in range");
        let window = Bounds::new(at(24.935_476_2, 60.164_455), at(24.953_114_5, 60.178_813)).expect("a box");
        let reports = Reports::of_helsinki(window).expect("the town is embedded");
        let rules = Rules::default();
        let mut chance = StdRng::seed_from_u64(7);
        let mut chinese = 0;
        for _ in 0..400 {
            let draft = reports.draw(&mut chance).expect("there are sentences");
            assert!(rules.category(&draft.category).is_some(), "{}", draft.category);
            assert!(window.contains(draft.position) && !draft.text.as_str().contains('{'), "{draft:?}");
            assert!(reports.closing_note(&draft.category, &mut chance).is_some());
            chinese += usize::from(!draft.text.as_str().contains(' ') || !draft.text.as_str().ends_with('.'));
        }
        assert!((140..=260).contains(&chinese), "{chinese} of 400 in Chinese");
    }

    #[test]
    fn a_generated_town_reports_and_closes_in_chinese() {
        let until = Day::parse("2026-06-30").expect("a day");
        let town = Town::generate(&TownOptions::town_cn(20, 1, until)).expect("a town");
        let reports = Reports::of_town(&town).expect("sentences are embedded");
        let mut chance = StdRng::seed_from_u64(7);
        for _ in 0..400 {
            let draft = reports.draw(&mut chance).expect("there are sentences");
            let text = draft.text.as_str();
            let note = reports.closing_note(&draft.category, &mut chance).expect("a note");
            assert!(!text.contains(' ') && text.chars().any(|sign| sign == '路' || sign == '街'), "{text}");
            assert!(!note.as_str().is_ascii(), "{note:?}");
        }
    }
}
