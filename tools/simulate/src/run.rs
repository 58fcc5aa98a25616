//! The loop over the seconds.

use crate::cluster::{Away, Capacity, Cluster, Outcome, Waiting};
use crate::constants::Request;
use crate::count::{Counts, Second};
use crate::device::{Device, Step};
use crate::random::Random;
use crate::scenario::Scenario;
use base::secret::SecretArray;
use license::policy::Policy;
use license::protocol::Fixed;
use license_service::RenewalJitter;

/// Seconds that an outage lasts.
const OUTAGE: u32 = 60;

/// What is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Who watches.
    pub scenario: Scenario,
    /// How many devices.
    pub devices: u32,
    /// Decides over everything that is random.
    pub seed: u64,
    /// The service's option.
    pub jitter: RenewalJitter,
    /// What is away for a minute.
    pub away: Away,
    /// What the servers can do.
    pub capacity: Capacity,
}

/// Which devices are to be looked at when. One that has got another time since is in the list of a second in vain.
struct Calendar(Vec<Vec<u32>>);

impl Calendar {
    fn new(seconds: u32) -> Self {
        Self((0..seconds).map(|_| Vec::new()).collect())
    }

    fn note(&mut self, device: u32, due: u32) {
        if let Some(second) = self.0.get_mut(due as usize) {
            second.push(device);
        }
    }
}

struct World {
    setup: Setup,
    policies: Vec<Policy>,
    root: SecretArray<32>,
    devices: Vec<Device>,
    calendar: Calendar,
    cluster: Cluster,
    random: Random,
    second: Second,
}

impl World {
    /// The policy of a new license, as the service would sign it.
    fn policy(&mut self, device: u32) -> Policy {
        let mut policy = self.policies[self.devices[device as usize].profile.policy].clone();
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.random.next().to_be_bytes());
        id[8..].copy_from_slice(&self.random.next().to_be_bytes());
        policy.renewal_delay_seconds = self.setup.jitter.delay(&self.root, Fixed(id), &policy);
        policy
    }

    fn take(&mut self, now: u32, device: u32, (step, interrupted): (Step, bool)) {
        self.second.interrupted += u32::from(interrupted);
        match step {
            Step::Send(request) => {
                self.second.requests += 1;
                self.second.renewal_requests += u32::from(request == Request::Renewal);
                self.cluster.push(Waiting { device, request, since: now });
            }
            Step::Idle => {}
            Step::Leave => {
                let last = self.devices[device as usize].visit;
                let next = self.setup.scenario.next_visit(last, &mut self.random);
                self.devices[device as usize].leave(next);
            }
        }
        self.calendar.note(device, self.devices[device as usize].due);
    }

    fn answer(&mut self, now: u32, waiting: Waiting, outcome: Outcome) {
        let Waiting { device, request, .. } = waiting;
        match outcome {
            Outcome::Granted => {
                match request {
                    Request::Provision => self.second.provisioned += 1,
                    Request::License => self.second.licenses += 1,
                    Request::Renewal => self.second.renewals += 1,
                }
                let policy = if request == Request::License { self.policy(device) } else { Policy::default() };
                let next = self.devices[device as usize].granted(now, request, &policy);
                self.take(now, device, next);
            }
            Outcome::Refused | Outcome::Unanswered => {
                let refused = outcome == Outcome::Refused;
                *(if refused { &mut self.second.refused } else { &mut self.second.unanswered }) += 1;
                let status = if refused { 503 } else { 0 };
                self.devices[device as usize].failed(now, request, status, &mut self.random);
                self.calendar.note(device, self.devices[device as usize].due);
            }
        }
    }
}

/// Runs a simulation. The same setup gives the same counts.
pub fn run(setup: Setup) -> Counts {
    let mut random = Random::new(setup.seed);
    let mut calendar = Calendar::new(setup.scenario.length());
    let mut devices = Vec::with_capacity(setup.devices as usize);
    for number in 0..setup.devices {
        let device = Device::new(setup.scenario.profile(&mut random), setup.scenario.first_visit(&mut random));
        calendar.note(number, device.due);
        devices.push(device);
    }
    let mut world = World {
        setup,
        policies: setup.scenario.policies(),
        root: SecretArray::from_slice(&setup.seed.to_be_bytes().repeat(4)).expect("32 bytes"),
        devices,
        calendar,
        cluster: Cluster::new(setup.capacity),
        random,
        second: Second::default(),
    };
    let outage = setup.scenario.outage();
    let mut counts = Vec::with_capacity(setup.scenario.length() as usize);
    for now in 0..setup.scenario.length() {
        let away = if (outage..outage + OUTAGE).contains(&now) { setup.away } else { Away::Nothing };
        world.cluster.begin(now.checked_sub(setup.scenario.peak()));
        for device in std::mem::take(&mut world.calendar.0[now as usize]) {
            if world.devices[device as usize].due == now {
                let next = world.devices[device as usize].wake(now);
                world.take(now, device, next);
            }
        }
        while let Some((waiting, outcome)) = world.cluster.next(now, away) {
            world.answer(now, waiting, outcome);
        }
        world.second.waiting = world.cluster.waiting() as u32;
        counts.push(std::mem::take(&mut world.second));
    }
    Counts(counts)
}
