//! What is counted.

use crate::constants::Request;

/// One second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Second {
    /// Requests that devices sent.
    pub requests: u32,
    /// Renewals among them.
    pub renewal_requests: u32,
    /// Certificates that were issued.
    pub provisioned: u32,
    /// Licenses that were issued.
    pub licenses: u32,
    /// Renewals that were issued.
    pub renewals: u32,
    /// Requests that were answered 503.
    pub refused: u32,
    /// Requests that nobody answered.
    pub unanswered: u32,
    /// Requests that wait at the end of the second.
    pub waiting: u32,
    /// Viewers whose license ended while they watched.
    pub interrupted: u32,
}

impl Second {
    /// Rows written to the database.
    pub fn rows(&self) -> u64 {
        u64::from(self.provisioned) * Request::Provision.rows()
            + u64::from(self.licenses) * Request::License.rows()
            + u64::from(self.renewals) * Request::Renewal.rows()
    }
}

/// All seconds of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(pub Vec<Second>);

impl Counts {
    /// The sum of something.
    pub fn sum(&self, of: impl Fn(&Second) -> u64) -> u64 {
        self.0.iter().map(of).sum()
    }

    /// The largest value of something from a second on, and when that was.
    pub fn peak(&self, from: u32, of: impl Fn(&Second) -> u64) -> (u32, u64) {
        let values = self.0.iter().enumerate().skip(from as usize).map(|(at, second)| (at as u32, of(second)));
        // The first of several.
        values.fold((from, 0), |most, next| if next.1 > most.1 { next } else { most })
    }
}
