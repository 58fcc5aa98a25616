//! Spreads renewals, so that devices that got their licenses in the same second do not come back in the same second.
//!
//! Each license is renewed earlier than its policy says by a time of its own, the same for all of its renewals. The time is
//! computed from the license's id and the service's root secret: servers that share a store agree on it, and whoever asks again
//! gets the same. It is part of the policy that the license carries, so that devices need to know nothing of it.

use super::derive;
use base::secret::SecretArray;
use license::protocol::Id;
use license::template::Policy;

/// Seconds that a renewal delay is not shortened below.
const LEAST_DELAY: i64 = 30;

/// How far renewals are spread: by up to so many percent of the renewal delay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RenewalJitter(u8);

impl RenewalJitter {
    /// The largest spread. With more, the devices that renew first would ask more than twice as often as their policy says.
    pub const MAX_PERCENT: u8 = 50;

    /// A spread of 0 (none) to [`MAX_PERCENT`](Self::MAX_PERCENT).
    pub const fn percent(percent: u8) -> Option<Self> {
        if percent <= Self::MAX_PERCENT { Some(Self(percent)) } else { None }
    }

    /// The renewal delay of a license under a policy: between the policy's own and one that is shorter by the spread, in whole seconds,
    /// each as likely. It stays what it is where it is 30 s or less (0 is none), and where no renewal comes before the license is over.
    pub fn delay(self, root: &SecretArray<32>, license: Id, policy: &Policy) -> i64 {
        let (delay, duration) = (policy.renewal_delay_seconds, policy.license_duration_seconds);
        if !policy.can_renew || (duration != 0 && delay >= duration) {
            return delay;
        }
        // A hundredth first: what is lost of it is less than a second for each percent, and nothing overflows.
        let percent = i64::from(self.0);
        let share = delay / 100 * percent + delay % 100 * percent / 100;
        let span = share.min(delay.saturating_sub(LEAST_DELAY)).max(0);
        let random = u128::from(derive::renewal_spread(root, &license.0));
        // One of span + 1 values; that some are likelier by span / 2^64 is not to be seen.
        let earlier = (random * (u128::from(span.unsigned_abs()) + 1)) >> 64;
        delay - i64::try_from(earlier).unwrap_or(span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use license::protocol::Fixed;

    fn root() -> SecretArray<32> {
        SecretArray::from_slice(&[0x0b; 32]).unwrap()
    }

    fn jitter(percent: u8) -> RenewalJitter {
        RenewalJitter::percent(percent).unwrap()
    }

    fn policy(delay: i64, duration: i64) -> Policy {
        Policy {
            can_play: true,
            can_renew: true,
            renewal_delay_seconds: delay,
            license_duration_seconds: duration,
            ..Policy::default()
        }
    }

    fn id(number: u64) -> Id {
        let mut bytes = [0x5a; 16];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        Fixed(bytes)
    }

    /// Made with Python's hmac module after RFC 5869.
    #[test]
    fn the_spread_is_that_of_hkdf_over_the_licenses_id() {
        let delays: Vec<_> = (0..8).map(|n| jitter(20).delay(&root(), id(n), &policy(3600, 0))).collect();
        assert_eq!(delays, EXPECTED);
        let other = SecretArray::from_slice(&[0x0c; 32]).unwrap();
        let others: Vec<_> = (0..8).map(|n| jitter(20).delay(&other, id(n), &policy(3600, 0))).collect();
        assert_ne!(others, delays, "another service spreads differently");
    }

    const EXPECTED: [i64; 8] = [3160, 2882, 2921, 3415, 2897, 2980, 3465, 3376];

    #[test]
    fn a_spread_is_between_none_and_half() {
        assert_eq!(jitter(0), RenewalJitter::default());
        for percent in [51, 100, 255] {
            assert_eq!(RenewalJitter::percent(percent), None);
        }
    }

    #[test]
    fn what_is_not_to_be_spread_stays() {
        let stays = |percent, policy: &Policy| {
            for n in 0..200 {
                assert_eq!(jitter(percent).delay(&root(), id(n), policy), policy.renewal_delay_seconds, "{policy:?}");
            }
        };
        stays(0, &policy(3600, 0));
        // None, at the least, and so short that a percent is less than a second.
        for delay in [0, 1, 29, 30] {
            stays(50, &policy(delay, 0));
        }
        stays(1, &policy(99, 0));
        // Over before the first attempt.
        stays(50, &policy(3600, 3600));
        stays(50, &policy(3600, 60));
        stays(50, &Policy { can_renew: false, ..policy(3600, 0) });
    }

    #[test]
    fn every_delay_is_within_its_bounds_and_both_bounds_occur() {
        for delay in [31, 32, 45, 61, 180, 86_400, i64::MAX] {
            for percent in [1, 20, 50] {
                let all: Vec<_> = (0..1000).map(|n| jitter(percent).delay(&root(), id(n), &policy(delay, 0))).collect();
                let exact = i128::from(delay) - i128::from(delay) * i128::from(percent) / 100;
                let least = exact.max(30);
                let (min, max) = (*all.iter().min().unwrap(), *all.iter().max().unwrap());
                assert!(i128::from(min) >= least && max <= delay, "{delay} {percent} %: {min} to {max}");
                if i128::from(delay) - least < 91 {
                    assert_eq!((i128::from(min), max), (least, delay), "{percent} %");
                }
            }
        }
    }

    /// 20,000 licenses over 61 delays, three times: chi-square with 60 degrees of freedom is above 127.5 with a probability of a
    /// millionth, and below 21.2 with the same one.
    #[test]
    fn each_delay_is_as_likely() {
        for root in [1, 2, 3] {
            let root = SecretArray::from_slice(&[root; 32]).unwrap();
            let mut counts = [0_u32; 61];
            for n in 0..20_000 {
                let delay = jitter(20).delay(&root, id(n), &policy(300, 0));
                counts[usize::try_from(delay - 240).unwrap()] += 1;
            }
            let expected = 20_000.0 / 61.0;
            let square = |count: &u32| (f64::from(*count) - expected).powi(2) / expected;
            let chi: f64 = counts.iter().map(square).sum();
            assert!((21.2..127.5).contains(&chi), "chi-square {chi}: {counts:?}");
        }
    }
}
