//! Cursors: where a subscriber stands in a district's stream. Signed, and bound to what was subscribed to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::access::Scope;
use domain::event::EventNumber;
use domain::ids::DistrictId;
use sha2::{Digest, Sha256};

use crate::config::ServerSecret;
use crate::service::cells::Area;
use crate::service::events::StreamHead;
use crate::service::incidents::IncidentFilter;

const PURPOSE: &str = "live cursor 1";
/// Epoch, number, binding, seal.
const BYTES: usize = 8 + 8 + 16 + 16;

/// What a cursor is bound to: with anything else it says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Binding([u8; 16]);

impl Binding {
    /// Of a subscription of a kind to an area and a filter within a scope.
    pub(super) fn of(kind: &str, scope: &Scope, area: Area, filter: &IncidentFilter) -> Self {
        // The derived Debug of plain data is as good a canonical form as any, and stays within this process's version.
        let text = format!("{kind}\n{scope:?}\n{area:?}\n{filter:?}");
        let digest: [u8; 32] = Sha256::digest(text).into();
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        Self(short)
    }
}

/// Where a subscriber stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stand {
    /// The stream's epoch.
    pub(super) epoch: i64,
    /// The last event that was taken in; `None` in the middle of a snapshot.
    pub(super) number: Option<EventNumber>,
}

impl Stand {
    pub(super) fn at(head: &StreamHead) -> Self {
        Self { epoch: head.epoch, number: Some(head.number) }
    }

    /// After everything up to a head was taken in; a head of another epoch says nothing.
    pub(super) fn moved_to(self, head: &StreamHead) -> Self {
        match head.epoch == self.epoch {
            true => Self { number: self.number.max(Some(head.number)), ..self },
            false => self,
        }
    }
}

/// Writes a cursor.
pub(super) fn write(secret: &ServerSecret, district: DistrictId, binding: Binding, stand: Stand) -> String {
    let mut bytes = Vec::with_capacity(BYTES);
    bytes.extend(stand.epoch.to_be_bytes());
    bytes.extend(stand.number.map_or(-1, |number| number.0).to_be_bytes());
    bytes.extend(binding.0);
    let seal = secret.sign(PURPOSE, &sealed(district, &bytes));
    bytes.extend(seal);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor; `None` where it is damaged, forged, or of another subscription.
pub(super) fn read(
    secret: &ServerSecret,
    district: DistrictId,
    binding: Binding,
    text: &str,
) -> Option<Stand> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == BYTES)?;
    let (body, seal) = bytes.split_at(BYTES - 16);
    let expected = secret.sign(PURPOSE, &sealed(district, body));
    let genuine: bool = subtle::ConstantTimeEq::ct_eq(&expected[..], seal).into();
    if !genuine || body[16..] != binding.0 {
        return None;
    }
    let number = |at: usize| body[at..at + 8].try_into().map(i64::from_be_bytes).ok();
    let position = number(8)?;
    Some(Stand { epoch: number(0)?, number: (position >= 0).then_some(EventNumber(position)) })
}

fn sealed(district: DistrictId, body: &[u8]) -> Vec<u8> {
    [district.0.as_bytes().as_slice(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_says_nothing_once_anything_about_it_is_changed() {
        let secret = ServerSecret::new([7; 32]);
        let (district, other) = (DistrictId(uuid::Uuid::from_u128(1)), DistrictId(uuid::Uuid::from_u128(2)));
        let bind = |open| {
            let filter = IncidentFilter { open, ..Default::default() };
            Binding::of("incidents", &Scope::system(district), Area::Everywhere, &filter)
        };
        let stand = Stand { epoch: 3, number: Some(EventNumber(41)) };
        let text = write(&secret, district, bind(None), stand);
        assert_eq!(read(&secret, district, bind(None), &text), Some(stand));
        assert_eq!(read(&secret, district, bind(Some(true)), &text), None, "another filter");
        assert_eq!(read(&secret, other, bind(None), &text), None, "another district");
        assert_eq!(read(&ServerSecret::new([8; 32]), district, bind(None), &text), None, "another server");
        for index in 0..text.len() {
            let mut damaged = text.clone().into_bytes();
            damaged[index] = if damaged[index] == b'A' { b'B' } else { b'A' };
            let damaged = String::from_utf8(damaged).expect("ASCII");
            assert_eq!(read(&secret, district, bind(None), &damaged), None, "damaged at {index}");
        }
    }

    #[test]
    fn a_cursor_from_the_middle_of_a_snapshot_has_no_number() {
        let secret = ServerSecret::new([7; 32]);
        let district = DistrictId(uuid::Uuid::from_u128(1));
        let binding =
            Binding::of("incidents", &Scope::system(district), Area::Everywhere, &IncidentFilter::default());
        let stand = Stand { epoch: 0, number: None };
        assert_eq!(read(&secret, district, binding, &write(&secret, district, binding, stand)), Some(stand));
    }
}
