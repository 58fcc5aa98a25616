//! `multimedia/drm_framework/native_mediadecrypt.h`: decryption of samples in place.

mod access_unit;
mod apart;
mod batch;
mod decrypt;
mod description;
mod kept;
mod request;
mod sample;
mod unit;

pub use access_unit::*;
pub(crate) use batch::decrypt_here as decrypt_several_here;
pub use decrypt::*;
pub use description::*;
pub(crate) use kept::check_all as check_several_here;
pub(crate) use request::describe_request;
pub(crate) use sample::{decrypt_at_once as decrypt_here, decrypt_with_reasons};
pub(crate) use unit::{decrypt_here as decrypt_unit_here, is_state as is_unit_state};
