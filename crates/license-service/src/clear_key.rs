//! The W3C Clear Key endpoint: keys in the clear, for tests and demos.

use serde::Deserialize;
use serde_json::json;

use super::Service;
use super::records::{self, Content, Track};
use super::reply::{Reply, Summary};
use super::store::Table;
use base::base64::Variant;
use base::secret::SecretBytes;
use license::template::{Refusal, Rule};

/// Key ids in one request.
const MAX_KEY_IDS: usize = 256;

#[derive(Deserialize)]
struct Request {
    kids: Vec<String>,
    #[serde(rename = "type", default)]
    session_type: Option<String>,
}

impl Service {
    /// Answers a license request of W3C EME Clear Key (`{"kids":[…],"type":…}`) with a JWK Set. Whoever asks gets the keys:
    /// for tests only.
    ///
    /// # Errors
    /// BAD_MESSAGE, CONTENT_NOT_FOUND, TRY_AGAIN.
    pub fn clear_key(&self, body: &[u8]) -> Result<Reply, Refusal> {
        let bad = |pointer: String, reason: &str| Refusal::new(Rule::BadMessage, pointer, reason);
        let request: Request = serde_json::from_slice(body)
            .map_err(|_| bad(String::new(), "not a Clear Key request: {\"kids\":[…],\"type\":…}"))?;
        if request.kids.is_empty() || request.kids.len() > MAX_KEY_IDS {
            return Err(bad("/kids".into(), "1 to 256 key ids are possible"));
        }
        let session_type = request.session_type.as_deref().unwrap_or("temporary");
        if !matches!(session_type, "temporary" | "persistent-license") {
            return Err(bad("/type".into(), "not a session type of EME"));
        }
        let mut keys = Vec::new();
        let mut last = None;
        for (index, kid) in request.kids.iter().enumerate() {
            let id = Variant::Url.decode("kid", kid);
            let id = id.map_err(|_| bad(format!("/kids/{index}"), "not unpadded base64url"))?;
            if let Some(key) = self.find_key(&id, &mut last)? {
                keys.push(json!({ "kty": "oct", "kid": kid, "k": Variant::Url.encode(&key) }));
            }
        }
        if keys.is_empty() {
            return Err(Refusal::new(Rule::ContentNotFound, "/kids", "none of these keys is known here"));
        }
        Ok(Reply::json(&json!({ "keys": keys, "type": session_type }), Summary::default()))
    }

    /// The key with an id. `last` is the content that the former one belonged to: often it is the same.
    fn find_key(&self, id: &[u8], last: &mut Option<Content>) -> Result<Option<SecretBytes>, Refusal> {
        let Some(content_id) = self.store.read(Table::KeyId, id)? else { return Ok(None) };
        if last.as_ref().is_none_or(|content| content.content_id.0 != content_id) {
            *last = records::content(&*self.store, &self.vault, &content_id)?;
        }
        let Some(content) = last else { return Ok(None) };
        let find = |tracks: Vec<Track>| tracks.into_iter().find(|track| track.key_id.0 == *id).map(|track| track.key);
        if let Some(key) = find(content.all_tracks(&self.identity.root)) {
            return Ok(Some(key));
        }
        let content = Content { tracks: Vec::new(), ..content.clone() };
        Ok(find(self.with_groups(content, std::iter::once(id))?.tracks))
    }
}
