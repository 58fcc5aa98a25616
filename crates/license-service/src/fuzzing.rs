//! For fuzz targets: what this service would sign if it said something else.

use super::Service;
use license::protocol::Bytes;
use license::protocol::service_side::fuzzing::{sealed, signed};

impl Service {
    /// A message of any kind with any body, signed by this service.
    pub fn fuzzing_message(&self, kind: u8, body: &[u8]) -> Vec<u8> {
        signed(kind, body, &*self.identity.present().signer)
    }

    /// A license with any text in the seal, signed by this service; none if the head is not one.
    pub fn fuzzing_license(&self, head: &[u8], text: &[u8], recipient: &Bytes) -> Option<Vec<u8>> {
        sealed(head, text, recipient, &*self.identity.present().signer)
    }

    /// Id of the key that this service signs with, in base64url.
    pub fn fuzzing_signer(&self) -> String {
        base::base64::Variant::Url.encode(&self.identity.present().signer_id.0)
    }
}
