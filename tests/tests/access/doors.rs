//! Questions that are no operation: a tile, a file, the state that a subscription begins with.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tests::app::Client;
use uuid::Uuid;

use super::ask::Stage;
use super::expect::{any, difference, global_id, some_of};
use super::oracle::{Oracle, Secrets};
use super::select::{Field, Filter, INCIDENT, Thing, written};
use super::streams::{End, Listener};
use super::world::{District, Household, Incident, Spot};
use crate::faults::Chance;

/// What became of a question: why it was answered wrongly.
pub(crate) type Verdict<'a> = LocalBoxFuture<'a, Result<(), String>>;

/// A tile, a file or a subscription by chance.
pub(crate) fn question<'a>(
    stage: &'a Stage,
    oracle: Oracle<'a>,
    client: &'a Client,
    chance: &mut Chance,
) -> Verdict<'a> {
    let district = chance.pick(&stage.world.districts);
    let asked = Asked { secrets: &stage.secrets, oracle, client, district };
    match chance.below(6) {
        0 | 1 => {
            let zoom = chance.between(5, 15);
            let around = chance.pick(&district.incidents).spot;
            asked.tile(zoom, around).boxed_local()
        }
        2 | 3 => {
            let kind = *chance.pick(&["incidents", "incidents", "households", "households", "cells"]);
            let format = *chance.pick(&["geojson", "csv"]);
            asked.file(kind, format).boxed_local()
        }
        4 => {
            let filter = Filter::random(chance, stage.world.now);
            let fields = INCIDENT.fields(chance, stage.world.now, 1);
            let mut fragments = Vec::new();
            let below = written(&fields, INCIDENT.name, chance, &mut fragments);
            let end = *chance.pick(&[End::Socket, End::Events]);
            asked.incident_snapshot(end, filter, fields, [below, fragments.join("\n")]).boxed_local()
        }
        _ => asked.count_snapshot(*chance.pick(&[End::Socket, End::Events])).boxed_local(),
    }
}

/// Every file, the whole map and the figures as everybody, of each district: what chance might pass over.
pub(crate) async fn every_question(stage: &Stage) -> Result<(), String> {
    const WHOLE_MAP: i32 = 8;
    for (oracle, client) in stage.everybody() {
        for district in &stage.world.districts {
            let asked = || Asked { secrets: &stage.secrets, oracle, client, district };
            for kind in ["incidents", "households", "cells"] {
                for format in ["geojson", "csv"] {
                    asked().file(kind, format).await?;
                }
            }
            asked().tile(WHOLE_MAP, district.incidents[0].spot).await?;
            asked().count_snapshot(End::Events).await?;
        }
    }
    Ok(())
}

struct Asked<'a> {
    secrets: &'a Secrets,
    oracle: Oracle<'a>,
    client: &'a Client,
    district: &'a District,
}

/// The tile at a zoom with a spot in it, and where in it that lies, in parts of its side.
fn tile_at(spot: Spot, zoom: i32) -> ((u32, u32), (f64, f64)) {
    let (lon, lat) = spot.degrees();
    let scale = f64::from(1 << zoom);
    let x = (lon + 180.0) / 360.0 * scale;
    let y = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * scale;
    ((x as u32, y as u32), (x, y))
}

impl<'a> Asked<'a> {
    fn is_expired(&self) -> bool {
        self.oracle.person.is_some_and(|person| person.expired)
    }

    fn wrong(&self, what: &str, why: &str) -> String {
        format!("{what} of {} as {:?}: {why}", self.district.code, self.oracle.person)
    }

    async fn tile(self, zoom: i32, around: Spot) -> Result<(), String> {
        let ((column, row), _) = tile_at(around, zoom);
        let path = format!("/d/{}/tiles/incidents/now/{zoom}/{column}/{row}.mvt", self.district.code);
        let response = self.client.get(&path).await;
        let status = response.status().as_u16();
        let bytes = response.bytes().await.expect("a body");
        if self.is_expired() {
            return if status == 401 { Ok(()) } else { Err(self.wrong(&path, "401 was expected")) };
        }
        if let Some(leak) = self.secrets.leak(&self.oracle, &bytes) {
            return Err(self.wrong(&path, &leak));
        }
        let named = self.secrets.named(&bytes);
        let district = self.district;
        // A tile reaches a little over its edges.
        let lies_within = |incident: &Incident, margin: f64| {
            let (_, (x, y)) = tile_at(incident.spot, zoom);
            let (x, y) = (x - f64::from(column), y - f64::from(row));
            [x, y].iter().all(|part| (-margin..=1.0 + margin).contains(part))
        };
        for incident in &district.incidents {
            let seen = self.oracle.sees_incident(district, incident);
            let drawn = named.contains(&incident.id);
            if drawn != seen && (drawn || lies_within(incident, -0.001)) {
                let why = format!("{status}; seen is {seen}, drawn is {drawn}: {incident:?}");
                return Err(self.wrong(&path, &why));
            }
            if drawn && !lies_within(incident, 0.1) {
                return Err(self.wrong(&path, &format!("lies elsewhere: {incident:?}")));
            }
        }
        Ok(())
    }

    async fn file(self, kind: &'static str, format: &'static str) -> Result<(), String> {
        let path = format!("/d/{}/export/{kind}?format={format}", self.district.code);
        let response = self.client.get(&path).await;
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        let expected = match self.oracle.exports(self.district) {
            _ if self.is_expired() => 401,
            true => 200,
            false => 403,
        };
        if status != expected {
            return Err(self.wrong(&path, &format!("{status}; {expected} was expected\n{text}")));
        }
        if let Some(leak) = self.secrets.leak(&self.oracle, text.as_bytes()) {
            return Err(self.wrong(&path, &leak));
        }
        if status != 200 {
            return Ok(());
        }
        let rows = self.rows(kind);
        let wrong = match format {
            "csv" if text.lines().count() == rows.len() + 1 => None,
            "csv" => Some(format!("{} rows were expected\n{text}", rows.len())),
            _ => {
                let file: Value = serde_json::from_str(&text).unwrap_or_default();
                difference(&some_of(rows.len(), rows), &file["features"])
            }
        };
        wrong.map_or(Ok(()), |wrong| Err(self.wrong(&path, &wrong)))
    }

    /// The features that a file is expected to have.
    fn rows(&self, kind: &str) -> Vec<Value> {
        let district = self.district;
        let feature = |id: Value, properties: Value| json!({ "type": "Feature", "id": id, "properties": properties, "geometry": any() });
        match kind {
            "incidents" => {
                let seen = self.oracle.incidents(district, &Filter::default()).into_iter();
                seen.map(|one| feature(json!(one.id), self.incident_row(one))).collect()
            }
            "households" => {
                let reads = self.oracle.reads_homes(district);
                let seen = self.oracle.households(district).into_iter();
                let name = |one: &Household| match &one.source {
                    Some(source) if reads => json!(source),
                    _ => json!(one.id),
                };
                seen.map(|one| feature(name(one), self.household_row(one, name(one)))).collect()
            }
            _ => vec![any(); district.grid().cells.len()],
        }
    }

    fn incident_row(&self, incident: &Incident) -> Value {
        let (leaf, _) = self.district.placed(Some(incident.spot));
        let (lon, lat) = incident.spot.degrees();
        json!({
            "id": incident.id, "category": incident.category.code, "colour": any(),
            "stage": incident.stage(), "channel": any(),
            "text": Some(&incident.text).filter(|_| self.oracle.reads_cases(self.district)),
            "lon": lon, "lat": lat, "accuracy_m": null,
            "cell": leaf.map(|leaf| &self.district.grid().cells[leaf].code), "method": any(),
            "reported_at": any(), "due_at": any(), "closed_at": any(), "occurred_at": any(),
            "note": if self.oracle.reads_cases(self.district) { any() } else { Value::Null },
        })
    }

    fn household_row(&self, home: &Household, id: Value) -> Value {
        let (leaf, _) = self.district.placed(home.spot);
        let reads = self.oracle.reads_homes(self.district);
        let spot = home.spot.filter(|_| reads).map(Spot::degrees);
        let building = home.building.map(|building| &self.district.buildings[building]).filter(|_| reads);
        json!({
            "id": id, "building": building.map(|one| &one.source), "address": Some(&home.address).filter(|_| reads),
            "lon": spot.map(|spot| spot.0), "lat": spot.map(|spot| spot.1),
            "cell": leaf.map(|leaf| &self.district.grid().cells[leaf].code), "method": any(),
            "distance_to_border_m": if reads { any() } else { Value::Null },
            "members": home.members.filter(|_| reads), "building_address": building.map(|one| &one.address),
        })
    }

    async fn incident_snapshot(
        self,
        end: End,
        filter: Filter,
        fields: Vec<Field>,
        [below, fragments]: [String; 2],
    ) -> Result<(), String> {
        let district = self.district;
        let filter_written = filter.written().map(|filter| format!(", {filter}")).unwrap_or_default();
        let query = format!(
            "subscription {{ incidentChanges(district: {:?}{filter_written}) {{ kind last upserts {below} }} }} {fragments}",
            district.code
        );
        let seen = self.oracle.incidents(district, &filter).into_iter();
        let answer = |one| self.oracle.answer(Thing::Incident(district, one), &fields);
        let expected: Vec<Value> = seen.map(answer).collect();
        self.snapshot(end, &query, "incidentChanges", "upserts", expected).await
    }

    async fn count_snapshot(self, end: End) -> Result<(), String> {
        let district = self.district;
        let query = format!(
            "subscription {{ cellCounts(district: {:?}) {{ kind last counts {{ cell code counts {{ open due overdue closed }} }} }} }}",
            district.code
        );
        let grid = district.grid();
        let told = (0..grid.cells.len()).filter(|&cell| self.oracle.is_told_figures(district, cell));
        let figures = |cell: usize| {
            let own = &grid.cells[cell];
            let mut here = self.oracle.incidents(district, &Filter::default());
            here.retain(|one| grid.leaf_at(one.spot).is_some_and(|leaf| grid.is_under(leaf, own.id)));
            let id = global_id("cell", district.id, own.id);
            json!({ "cell": id, "code": own.code, "counts": self.oracle.counts(&here) })
        };
        let expected: Vec<Value> = told.map(figures).collect();
        self.snapshot(end, &query, "cellCounts", "counts", expected).await
    }

    /// Reads a subscription up to the end of its snapshot, which is to hold all of these and nothing else.
    async fn snapshot(
        self,
        end: End,
        query: &str,
        field: &str,
        rows: &str,
        expected: Vec<Value>,
    ) -> Result<(), String> {
        let mut listener = Listener::at(end, self.client, query).await;
        let mut got: Vec<Value> = Vec::new();
        loop {
            let message = listener.message().await.unwrap_or_default();
            if let Some(leak) = self.secrets.leak(&self.oracle, message.as_bytes()) {
                return Err(self.wrong(query, &leak));
            }
            let payload = listener.payload(&message);
            if self.is_expired() {
                let code = [&payload["code"], &payload["errors"][0]["extensions"]["code"]];
                let refused = code.contains(&&json!("UNAUTHENTICATED"));
                return if refused { Ok(()) } else { Err(self.wrong(query, &message)) };
            }
            let batch = &payload["data"][field];
            if batch["kind"] != "SNAPSHOT" {
                return Err(self.wrong(query, &format!("no snapshot, but {message}")));
            }
            got.extend(batch[rows].as_array().cloned().unwrap_or_default());
            if batch["last"] == true {
                break;
            }
        }
        let wrong = difference(&some_of(expected.len(), expected), &json!(got));
        wrong.map_or(Ok(()), |wrong| Err(self.wrong(query, &format!("{end:?}{wrong}"))))
    }
}

/// What these bytes are, with the asked ids taken out.
pub(crate) fn without_ids(text: &str, district: Uuid, kind: &str, id: Uuid) -> String {
    text.replace(&global_id(kind, district, id), "#").replace(&id.to_string(), "#")
}
