//! `native-drm license explain`.

use std::fmt::Write as _;

use license::policy::RentalScope;
use license::template::{KeyRequirement, Policy, Template, Warning};
use serde::Serialize;

use super::{SCHEMA, Source, json, time};
use crate::paint::{self, Paint};

/// Show what a template amounts to: its effective policy, and which keys it gives
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// The track types that packagers use.
const TRACKS: [&str; 5] = ["AUDIO", "SD", "HD", "UHD1", "UHD2"];

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    policy: &'a Policy,
    tracks: Vec<Track>,
    /// Keys that stand in the template, without a track type.
    keys_without_track: Vec<Key>,
    warnings: &'a [Warning],
}

#[derive(Serialize)]
struct Track {
    track_type: String,
    /// None if the license has no key for it.
    requirement: Option<Requirement>,
}

#[derive(Serialize)]
struct Key {
    key_id: Option<String>,
    requirement: Requirement,
}

#[derive(Serialize)]
struct Requirement {
    security_level: u8,
    device_level: &'static str,
    hdcp: &'static str,
}

impl From<KeyRequirement> for Requirement {
    fn from(of: KeyRequirement) -> Self {
        Self {
            security_level: of.security_level.number(),
            device_level: of.security_level.device_level().word(),
            hdcp: of.hdcp.word(),
        }
    }
}

pub fn run(options: &Args) -> Result<(), String> {
    let read = options.source.read()?;
    let template = &read.parsed.template;
    let report = Report {
        schema: SCHEMA,
        policy: &read.policy,
        tracks: tracks(template),
        keys_without_track: template
            .keys_without_track()
            .map(|spec| Key { key_id: spec.key_id.map(hex::encode), requirement: spec.requirement().into() })
            .collect(),
        warnings: &read.warnings,
    };
    let text = if options.json { json(&report)? } else { text(&read.name, &report) };
    paint::write(&text)
}

/// The usual track types, and those that the template names.
fn tracks(template: &Template) -> Vec<Track> {
    let named = template.content_key_specs.iter().flatten().filter_map(|spec| spec.track_type.as_deref());
    let mut names = TRACKS.to_vec();
    for name in named {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let requirement = |name: &str| template.key_requirement(name).map(Requirement::from);
    names.iter().map(|&name| Track { track_type: name.to_owned(), requirement: requirement(name) }).collect()
}

fn text(name: &str, report: &Report) -> String {
    let paint = Paint::of_standard_output();
    let mut out = paint.heading(name) + "\n";
    let policy = report.policy;
    let mut field = |name: &str, value: &str| {
        let name = paint.aside(&format!("{name:<36}"));
        let _ = writeln!(out, "  {name}{value}");
    };
    let yes = |value: bool| if value { "yes" } else { "no" };
    field("can_play", yes(policy.can_play));
    field("can_persist", yes(policy.can_persist));
    field("can_renew", yes(policy.can_renew));
    let limit = |seconds: i64| if seconds == 0 { "unlimited".to_owned() } else { time::spelled(seconds) };
    field("license_duration_seconds", &limit(policy.license_duration_seconds));
    let mut rental = limit(policy.rental_duration_seconds);
    if policy.rental_duration_seconds != 0 {
        rental += match policy.rental_scope {
            RentalScope::StartWindow if policy.playback_duration_seconds != 0 => ", for playback to begin",
            RentalScope::StartWindow => "",
            RentalScope::Absolute => ", also for playback that has begun",
        };
    }
    field("rental_duration_seconds", &rental);
    field("playback_duration_seconds", &limit(policy.playback_duration_seconds));
    if policy.can_renew {
        field(
            "renewal_server_url",
            Some(policy.renewal_server_url.as_str()).filter(|url| !url.is_empty()).unwrap_or("none"),
        );
        field("renewal_delay_seconds", &time::spelled(policy.renewal_delay_seconds));
        let retry = policy.renewal_retry_interval_seconds;
        field("renewal_retry_interval_seconds", &if retry == 0 { "no retry".to_owned() } else { time::spelled(retry) });
        field("renewal_recovery_duration_seconds", &limit(policy.renewal_recovery_duration_seconds));
        field("renew_with_usage", yes(policy.renew_with_usage));
    }
    for track in &report.tracks {
        let value = track.requirement.as_ref().map_or_else(|| "no key".to_owned(), requirement);
        field(&format!("track {}", track.track_type), &value);
    }
    for key in &report.keys_without_track {
        let id = key.key_id.as_deref().unwrap_or("without id");
        field(&format!("key {id}"), &requirement(&key.requirement));
    }
    for warning in report.warnings {
        let _ = writeln!(out, "  {} {warning}", paint.encrypted("warning:"));
    }
    out
}

fn requirement(of: &Requirement) -> String {
    format!("security level {} (device {}), output {}", of.security_level, of.device_level, of.hdcp)
}
