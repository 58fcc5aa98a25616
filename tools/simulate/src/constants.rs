//! What one request costs. `scripts/simulate.sh --measure` prints them for the machine at hand; `docs/scale.md` has both.

/// A request of a device to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// A device's first certificate.
    Provision,
    /// A new license.
    License,
    /// A renewal of one.
    Renewal,
}

impl Request {
    /// Seconds of one core of the server, with a `PostgreSQL` database.
    pub const fn core_seconds(self) -> f64 {
        match self {
            Self::Provision => 0.000_35,
            Self::License => 0.000_68,
            Self::Renewal => 0.000_51,
        }
    }

    /// Rows that are inserted, updated and deleted. The test `rows_are_those_that_the_service_writes` compares them with the
    /// service's own transactions.
    pub const fn rows(self) -> u64 {
        match self {
            // The device and the nonce.
            Self::Provision => 2,
            // The nonce; the device's count of licenses, its place in the ring; the license; its end.
            Self::License => 5,
            // The nonce; the license; its former end and the new one.
            Self::Renewal => 4,
        }
    }
}
