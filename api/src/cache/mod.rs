//! What is kept between questions: facts, never answers. A key holds versions and never a viewer.
//!
//! | key | value | where | lifetime | dropped by |
//! |---|---|---|---|---|
//! | (none) | every district with its rules and epoch, but for those that are being made | memory | 5 s | an event `PlanPublished` or `Imported` that is read here; a write refused because the plan moved |
//! | district, epoch, plan version | the plan with its index | memory | the 16 used last | nothing: a published plan never changes |
//! | district, epoch, plan version, tolerance, datum | the areas of its cells as text, each written when it is first asked for | memory | 128 MB, used last | nothing, as above |
//! | district, epoch, plan version, selection | what never changes of its cells as text, each written when it is first asked for | memory | 64 MB, used last | nothing, as above |
//! | district, epoch, layer, version of the plan or the base map, z, x, y | an encoded tile of the grid or the base map | memory | 64 MB, used last | nothing: the version is in the key |
//! | `gridward:{secret}:tile:{form}:{district}:{epoch}:{layer}:{version}:{z}/{x}/{y}` | the same, signed | Redis | 7 days after it was written | nothing: what it follows from is in the key |
//!
//! The epoch changes when the database is restored: what was known before is not asked for again.
//! `{secret}` stands for the servers' secret: those who share it share what is kept. `{form}` is [`TILE_FORM`].
//!
//! Scope is applied afterwards, by the use case. Redis is [`remote`]'s; start at [`Cache::plan`].
//!
//! Invariant: forgetting everything at any moment makes answers slower, never different.

mod drawing;
mod line;
mod remote;
mod texts;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::district::District;
use domain::ids::{DistrictId, PlanVersion};
use domain::plan::{Plan, PlanDefect, Tolerance};
use geo_tools::Datum;

pub use drawing::Drawing;
pub use texts::{CellTexts, SelectionKey, Slot, Text, Texts};

use crate::config::{RedisSettings, ServerSecret};
use crate::store::{Store, StoreError};
use remote::Remote;

pub use remote::{BadRedis, RemoteReport};

/// Where nobody watches a district, no event is read that would drop it.
const DISTRICTS_LIFETIME: Duration = Duration::from_secs(5);
/// Plans of a few MB each; two nodes of one district ask for one, a look into the past for another.
const PLANS_KEPT: u64 = 16;
const TILES_KEPT_BYTES: u64 = 64 << 20;
const DRAWINGS_KEPT_BYTES: u64 = 128 << 20;
const CELL_TEXTS_KEPT_BYTES: u64 = 64 << 20;
/// How tiles are drawn and encoded. It grows with every change of that, since servers of two releases may share a Redis; a
/// test says when.
pub const TILE_FORM: u32 = 1;

/// What is kept in memory. Cheap to clone.
#[derive(Clone)]
pub struct Cache {
    inner: Arc<Inner>,
}

/// One count for all: each of what is kept in memory has eight, and all who ask would count them up and down.
#[derive(Clone)]
struct Inner {
    store: Store,
    /// The codes of districts that nobody is to see yet, since they are being made.
    hidden: Arc<Mutex<HashSet<String>>>,
    districts: moka::future::Cache<(), Arc<Known>>,
    plans: moka::future::Cache<PlanKey, Arc<Plan>>,
    drawings: moka::future::Cache<(PlanKey, Option<Tolerance>, Datum), Arc<Drawing>>,
    cell_texts: moka::future::Cache<(PlanKey, SelectionKey), Arc<CellTexts>>,
    tiles: moka::future::Cache<TileKey, Bytes>,
    remote: Option<Remote>,
}

/// The districts, and the epoch of each.
#[derive(Debug)]
struct Known {
    districts: Vec<Arc<District>>,
    /// Of those too that nobody is to see yet.
    epochs: HashMap<DistrictId, i64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct PlanKey {
    district: DistrictId,
    epoch: i64,
    version: PlanVersion,
}

/// Which tile: everything that its bytes follow from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TileKey {
    /// The district.
    pub district: DistrictId,
    /// Its epoch: [`Cache::epoch`].
    pub epoch: i64,
    /// The layer's name.
    pub layer: &'static str,
    /// The version of the plan and the base map.
    pub version: String,
    /// Zoom level.
    pub z: u8,
    /// Column from the west.
    pub x: u32,
    /// Row from the north.
    pub y: u32,
}

impl fmt::Display for TileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { district, epoch, layer, version, z, x, y } = self;
        write!(f, "tile:{TILE_FORM}:{district}:{epoch}:{layer}:{version}:{z}/{x}/{y}")
    }
}

/// Why something could not be kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CacheError {
    /// The database did not answer.
    #[error("the database did not answer")]
    Store(#[source] Arc<StoreError>),
    /// What is stored as a plan is none.
    #[error("plan version {version} of district {district} is damaged")]
    Plan {
        /// The district.
        district: DistrictId,
        /// The version.
        version: PlanVersion,
        /// What is wrong with it.
        #[source]
        defect: PlanDefect,
    },
    /// The work in the background was cut off.
    #[error("the server is stopping")]
    Stopping,
}

impl From<StoreError> for CacheError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl From<Inner> for Cache {
    fn from(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }
}

impl Cache {
    /// An empty cache over a store.
    pub fn new(store: Store) -> Self {
        Inner {
            store,
            hidden: Arc::default(),
            districts: moka::future::Cache::builder()
                .time_to_live(DISTRICTS_LIFETIME)
                .max_capacity(1)
                .build(),
            plans: moka::future::Cache::builder().max_capacity(PLANS_KEPT).build(),
            drawings: moka::future::Cache::builder()
                .weigher(|_, drawing: &Arc<Drawing>| u32::try_from(drawing.most_bytes()).unwrap_or(u32::MAX))
                .max_capacity(DRAWINGS_KEPT_BYTES)
                .build(),
            cell_texts: moka::future::Cache::builder()
                .weigher(|_, texts: &Arc<CellTexts>| u32::try_from(texts.most_bytes()).unwrap_or(u32::MAX))
                .max_capacity(CELL_TEXTS_KEPT_BYTES)
                .build(),
            tiles: moka::future::Cache::builder()
                .weigher(|_, bytes: &Bytes| u32::try_from(bytes.len() + 100).unwrap_or(u32::MAX))
                .max_capacity(TILES_KEPT_BYTES)
                .build(),
            remote: None,
        }
        .into()
    }

    /// The same beside a Redis, whether it is there by now or not.
    ///
    /// # Errors
    /// [`BadRedis`] where its URL cannot be read.
    pub fn beside_redis(self, settings: &RedisSettings, secret: &ServerSecret) -> Result<Self, BadRedis> {
        Ok(Inner { remote: Some(Remote::open(settings, secret)?), ..Inner::clone(&self.inner) }.into())
    }

    /// How the Redis beside it does; `None` where there is none.
    pub fn redis_report(&self) -> Option<RemoteReport> {
        self.inner.remote.as_ref().map(Remote::report)
    }

    /// Every district, by code.
    ///
    /// # Errors
    /// [`CacheError::Store`].
    pub async fn districts(&self) -> Result<Vec<Arc<District>>, CacheError> {
        Ok(self.known().await?.districts.clone())
    }

    /// The epoch of a district, which changes when the database is restored; 0 while it is not known yet.
    ///
    /// # Errors
    /// [`CacheError::Store`].
    pub async fn epoch(&self, district: DistrictId) -> Result<i64, CacheError> {
        Ok(self.known().await?.epochs.get(&district).copied().unwrap_or_default())
    }

    async fn known(&self) -> Result<Arc<Known>, CacheError> {
        if let Some(known) = self.inner.districts.get(&()).await {
            return Ok(known);
        }
        // Boxed, as what is seldom waited for is here: it would be part of the future of whoever asks for a district,
        // and moved with it.
        let load = Box::pin(self.load_districts());
        Box::pin(self.inner.districts.try_get_with((), load)).await.map_err(unshared)
    }

    async fn load_districts(&self) -> Result<Arc<Known>, CacheError> {
        let mut districts = self.inner.store.districts().await?;
        // After the districts, so that each of them has its epoch, and what is read under it is no older than it.
        let heads = self.inner.store.heads().await?;
        let hidden = self.inner.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        districts.retain(|district| !hidden.contains(district.code.as_str()));
        Ok(Arc::new(Known {
            districts: districts.into_iter().map(Arc::new).collect(),
            epochs: heads.into_iter().map(|head| (head.district, head.epoch)).collect(),
        }))
    }

    /// The district with a code.
    ///
    /// # Errors
    /// [`CacheError::Store`].
    pub async fn district(&self, code: &str) -> Result<Option<Arc<District>>, CacheError> {
        let known = self.known().await?;
        Ok(known.districts.iter().find(|district| district.code.as_str() == code).cloned())
    }

    /// The district with an id.
    ///
    /// # Errors
    /// [`CacheError::Store`].
    pub async fn district_by_id(&self, id: DistrictId) -> Result<Option<Arc<District>>, CacheError> {
        let known = self.known().await?;
        Ok(known.districts.iter().find(|district| district.id == id).cloned())
    }

    /// Reads districts anew the next time: a plan was published, or a base map replaced.
    pub async fn forget_districts(&self) {
        self.inner.districts.invalidate(&()).await;
    }

    /// Answers as if there were no district of that code, until [`Cache::show`].
    pub async fn hide(&self, code: &str) {
        self.inner.hidden.lock().unwrap_or_else(PoisonError::into_inner).insert(code.to_owned());
        self.forget_districts().await;
    }

    /// Answers with a district that was hidden.
    pub async fn show(&self, code: &str) {
        self.inner.hidden.lock().unwrap_or_else(PoisonError::into_inner).remove(code);
        self.forget_districts().await;
    }

    /// A published plan; `None` where there is no such version. Many that ask at once load it once.
    ///
    /// # Errors
    /// [`CacheError`].
    pub async fn plan(
        &self,
        district: DistrictId,
        version: PlanVersion,
    ) -> Result<Option<Arc<Plan>>, CacheError> {
        let key = PlanKey { district, epoch: self.epoch(district).await?, version };
        if let Some(plan) = self.inner.plans.get(&key).await {
            return Ok(Some(plan));
        }
        let load = Box::pin(self.load_plan(district, version));
        let found = Box::pin(self.inner.plans.try_get_with(key, load)).await;
        match found.map_err(|error| (*error).clone()) {
            Ok(plan) => Ok(Some(plan)),
            Err(Missing::Absent) => Ok(None),
            Err(Missing::Failed(error)) => Err(error),
        }
    }

    async fn load_plan(&self, district: DistrictId, version: PlanVersion) -> Result<Arc<Plan>, Missing> {
        let parts = self.inner.store.load_plan(district, version).await.map_err(CacheError::from)?;
        let parts = parts.ok_or(Missing::Absent)?;
        // The index of a large plan takes long enough to hold other requests up.
        let plan = tokio::task::spawn_blocking(move || Plan::assemble(parts)).await;
        let plan = plan.map_err(|_| CacheError::Stopping)?;
        Ok(Arc::new(plan.map_err(|defect| CacheError::Plan { district, version, defect })?))
    }

    /// The areas of a plan's cells, ready to be sent; `None` as tolerance is the true border. Many that ask at once have the
    /// borders simplified once.
    ///
    /// # Errors
    /// [`CacheError::Stopping`], [`CacheError::Store`].
    pub async fn drawing(
        &self,
        plan: &Arc<Plan>,
        tolerance: Option<Tolerance>,
        datum: Datum,
    ) -> Result<Arc<Drawing>, CacheError> {
        let (district, version) = (plan.district(), plan.version());
        let key = (PlanKey { district, epoch: self.epoch(district).await?, version }, tolerance, datum);
        if let Some(drawing) = self.inner.drawings.get(&key).await {
            return Ok(drawing);
        }
        let plan = Arc::clone(plan);
        let make = async move {
            // A large plan takes long enough to hold other requests up.
            let made = tokio::task::spawn_blocking(move || Drawing::begin(plan, tolerance, datum)).await;
            made.map(Arc::new).map_err(|_| CacheError::Stopping)
        };
        Box::pin(self.inner.drawings.try_get_with(key, make)).await.map_err(unshared)
    }

    /// Where what never changes of a plan's cells is kept as text, for one selection of it; `None` for a plan of so many
    /// cells that their texts have no room.
    ///
    /// # Errors
    /// [`CacheError::Store`].
    pub async fn cell_texts(
        &self,
        plan: &Plan,
        selection: SelectionKey,
    ) -> Result<Option<Arc<CellTexts>>, CacheError> {
        let (district, version) = (plan.district(), plan.version());
        let key = (PlanKey { district, epoch: self.epoch(district).await?, version }, selection);
        if let Some(texts) = self.inner.cell_texts.get(&key).await {
            return Ok(Some(texts));
        }
        let most_bytes = CellTexts::most_bytes_of(plan, drawing::most_area_bytes(plan.coverage()));
        if most_bytes as u64 > CELL_TEXTS_KEPT_BYTES {
            return Ok(None);
        }
        let begin = async { Arc::new(CellTexts::of(plan, most_bytes)) };
        Ok(Some(Box::pin(self.inner.cell_texts.get_with(key, begin)).await))
    }

    /// A tile that was encoded before, here or by another server.
    pub async fn tile(&self, key: &TileKey) -> Option<Bytes> {
        if let Some(bytes) = self.inner.tiles.get(key).await {
            return Some(bytes);
        }
        let bytes = self.inner.remote.as_ref()?.read(&key.to_string()).await?;
        self.inner.tiles.insert(key.clone(), bytes.clone()).await;
        Some(bytes)
    }

    /// Keeps an encoded tile, for other servers too.
    pub async fn keep_tile(&self, key: TileKey, bytes: Bytes) {
        if let Some(remote) = &self.inner.remote {
            remote.write(&key.to_string(), bytes.clone());
        }
        self.inner.tiles.insert(key, bytes).await;
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cache = f.debug_struct("Cache");
        cache.field("plans", &self.inner.plans.entry_count()).field("tiles", &self.inner.tiles.entry_count());
        cache.field("remote", &self.inner.remote);
        cache.finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
enum Missing {
    Absent,
    Failed(CacheError),
}

impl From<CacheError> for Missing {
    fn from(error: CacheError) -> Self {
        Self::Failed(error)
    }
}

fn unshared(error: Arc<CacheError>) -> CacheError {
    (*error).clone()
}
