//! Households.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "households")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub source_id: Option<String>,
    pub building_id: Option<Uuid>,
    pub address: Option<String>,
    pub search_text: String,
    pub lon_e7: Option<i32>,
    pub lat_e7: Option<i32>,
    pub hilbert: i64,
    pub member_count: Option<i32>,
    pub cell_id: Option<Uuid>,
    pub method: String,
    pub distance_to_border_m: Option<f64>,
    pub plan_version: i32,
    pub registered_at_us: i64,
    pub since_import: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
