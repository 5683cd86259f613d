//! Files in and out: `POST /d/{district}/import/{kind}` and `GET /d/{district}/export/{kind}`.
//!
//! A body is imported as it comes in; nothing of it is kept on a disk. An export leaves page by page.

use std::io::{self, Read};

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::{Buf, Bytes};
use futures_util::TryStreamExt;
use geo_tools::datum::UnknownDatum;
use tokio::sync::mpsc;

use super::State;
use super::body::{Body, Unread};
use super::error::HttpError;
use super::viewer::Caller;
use crate::service::export::{ExportFormat, ExportKind};
use crate::service::import::{
    BadRows, ColumnMap, Effect, FileFormat, ImportKind, ImportOptions, ImportOutcome, ImportSource, Progress,
};

/// Pieces of a body that may wait for the reader.
const WAITING_PIECES: usize = 16;
const TAKEN: &str = "application/geo+json, text/csv, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, \
    application/zip with a Shapefile, application/geopackage+sqlite3 and application/vnd.flatgeobuf";

/// The parameters of an address, in their order; a name may come twice.
type Parameters = web::Query<Vec<(String, String)>>;

/// `POST /d/{district}/import/{kind}`: answers the report, with 422 where the file was refused.
pub(super) async fn import(
    request: HttpRequest,
    place: web::Path<(String, String)>,
    parameters: Parameters,
    body: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, HttpError> {
    let caller = Caller::of_request(&request, &state).await?.ok_or(HttpError::Unauthenticated)?;
    let (district, kind) = place.into_inner();
    let kind = ImportKind::parse(&kind).ok_or(HttpError::NotFound)?;
    let options = options(kind, format_of(&request)?, &parameters)?;
    let allowed_bytes = state.settings.limits.import_bytes;
    if declared_bytes(&request).is_some_and(|declared| declared > allowed_bytes as u64) {
        return Err(HttpError::TooLarge { allowed_bytes });
    }
    let _running = state.imports.enter().await.inspect_err(|_| state.figures.refused("imports"))?;
    let body = Body::new(body, state.patience.import_body);
    let (sender, receiver) = mpsc::channel(WAITING_PIECES);
    let source = ImportSource::of_reader(BodyReader { receiver, piece: Bytes::new() });
    let progress = Progress::silent();
    let import = state.services.import(&caller.viewer, &district, source, options, &progress);
    // Where the import gives up, nobody takes the pieces any more, and feeding ends by itself.
    let (report, fed) = tokio::join!(import, feed(body, sender, allowed_bytes));
    fed?;
    let report = report?;
    let status = match report.outcome {
        ImportOutcome::Taken => StatusCode::OK,
        ImportOutcome::Refused => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok(HttpResponse::build(status).json(report.to_json()))
}

/// `GET /d/{district}/export/{kind}?format=csv`.
pub(super) async fn export(
    request: HttpRequest,
    place: web::Path<(String, String)>,
    parameters: Parameters,
    state: web::Data<State>,
) -> Result<HttpResponse, HttpError> {
    let caller = Caller::of_request(&request, &state).await?.ok_or(HttpError::Unauthenticated)?;
    let (district, kind) = place.into_inner();
    let kind = ExportKind::parse(&kind).ok_or(HttpError::NotFound)?;
    let mut format = ExportFormat::Geojson;
    for (name, value) in parameters.iter() {
        format = match (name.as_str(), ExportFormat::parse(value)) {
            ("format", Some(format)) => format,
            ("format", None) => {
                return Err(HttpError::BadRequest(format!("{value:?} must be geojson or csv")));
            }
            _ => return Err(HttpError::BadRequest(format!("{name:?} is not known; format is"))),
        };
    }
    let export = state.services.export(&caller.viewer, &district, kind, format).await?;
    let ending = if format == ExportFormat::Csv { "csv" } else { "geojson" };
    let name = format!("attachment; filename=\"{}.{ending}\"", kind.as_str());
    let pieces = export.pieces().map_ok(|piece| Bytes::from(piece.bytes)).map_err(HttpError::from);
    let response = HttpResponse::Ok()
        .content_type(format.content_type())
        .insert_header((CONTENT_DISPOSITION, name))
        .streaming(pieces);
    Ok(response)
}

fn format_of(request: &HttpRequest) -> Result<FileFormat, HttpError> {
    let header = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    header.and_then(FileFormat::of_content_type).ok_or(HttpError::UnsupportedMediaType { taken: TAKEN })
}

fn options(
    kind: ImportKind,
    format: FileFormat,
    parameters: &[(String, String)],
) -> Result<ImportOptions, HttpError> {
    let mut options = ImportOptions::new(kind, format);
    let mut columns = Vec::new();
    for (name, value) in parameters {
        let text = Some(value.clone());
        match (name.as_str(), value.as_str()) {
            ("level", _) => options.level = text,
            ("id", _) => options.id = text,
            ("name", _) => options.name = text,
            ("parent", _) => options.parent = text,
            ("layer", _) => options.layer = text,
            ("map", _) => columns.push(value.as_str()),
            ("datum", name) => {
                let datum =
                    name.parse().map_err(|error: UnknownDatum| HttpError::BadRequest(error.to_string()));
                options.datum = Some(datum?);
            }
            ("dryRun", "true") => options.effect = Effect::DryRun,
            ("skipBad", "true") => options.bad_rows = BadRows::Skip,
            ("dryRun" | "skipBad", "false") => {}
            _ => {
                let message = format!(
                    "{name}={value} is not known; level, id, name, parent, layer, map, datum, dryRun and skipBad are"
                );
                return Err(HttpError::BadRequest(message));
            }
        }
    }
    options.columns =
        ColumnMap::parse(kind, columns).map_err(|problem| HttpError::BadRequest(problem.to_string()))?;
    Ok(options)
}

/// How long the body is by its header; a chunked one has none.
fn declared_bytes(request: &HttpRequest) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Hands the body on, piece by piece, up to the cap. Where it ends before its time or is too large, the reader fails too,
/// so that nothing of it is stored.
async fn feed(
    mut body: Body,
    sender: mpsc::Sender<io::Result<Bytes>>,
    allowed_bytes: usize,
) -> Result<(), HttpError> {
    let mut byte_count = 0;
    while let Some(piece) = body.next().await {
        let piece = match piece {
            Ok(piece) => piece,
            Err(unread) => {
                let error = HttpError::from(unread);
                let broken = io::Error::new(io::ErrorKind::UnexpectedEof, error.to_string());
                // An error only says that the import had given up before.
                drop(sender.send(Err(broken)).await);
                return match unread {
                    Unread::TooSlow => Err(error),
                    // The report says where the file breaks off.
                    Unread::Broken => Ok(()),
                };
            }
        };
        byte_count += piece.len();
        if byte_count > allowed_bytes {
            let too_large = HttpError::TooLarge { allowed_bytes };
            // An error only says that the import had given up before.
            drop(sender.send(Err(io::Error::other(too_large.to_string()))).await);
            return Err(too_large);
        }
        if sender.send(Ok(piece)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// The pieces of a body, for a reader on a thread of its own.
struct BodyReader {
    receiver: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                None => return Ok(0),
                Some(piece) => self.piece = piece?,
            }
        }
        let count = buffer.len().min(self.piece.len());
        self.piece.split_to(count).copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}
