//! Takes from this process what a key system does not need: new rights, programs, sockets, other processes, all files but
//! its own. To be called before anything foreign is loaded, and while the process has one thread.

use std::collections::BTreeMap;
use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
    path_beneath_rules,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getpid, set_dumpable_behavior, setrlimit};
use rustix::thread::set_no_new_privs;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};

/// What is left.
#[derive(Debug, Default)]
pub struct Rights {
    /// Folders that may be changed.
    pub writable: Vec<PathBuf>,
    /// Files and folders that may be read, and whose libraries may be loaded.
    pub readable: Vec<PathBuf>,
}

/// What every program may have to read: libraries, the machine's id, what the system tells.
const READABLE: [&str; 11] = [
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/etc/machine-id",
    "/etc/localtime",
    "/var/lib/dbus/machine-id",
    "/proc/self",
    "/dev/urandom",
    "/dev/null",
];

/// Bytes of a file at most.
const LARGEST_FILE: u64 = 64 << 20;
/// Open descriptors at most.
const MOST_DESCRIPTORS: u64 = 256;

impl Rights {
    /// Gives up all other rights. What the system does not know is left as it is; the answer says what that is.
    pub fn confine(self) -> Vec<String> {
        let steps: [(&str, Result<(), String>); 6] = [
            ("no new privileges", set_no_new_privs(true).map_err(text)),
            ("protection from debuggers", set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(text)),
            ("limits", limit()),
            ("Landlock", self.restrict_files()),
            ("seccomp", filter_calls().and_then(|program| apply_filter(&program).map_err(text))),
            ("seccomp (clone3)", filter_clone3().and_then(|program| apply_filter(&program).map_err(text))),
        ];
        steps.into_iter().filter_map(|(what, result)| result.err().map(|reason| format!("{what}: {reason}"))).collect()
    }

    fn restrict_files(self) -> Result<(), String> {
        let abi = ABI::V6;
        let status = || -> Result<_, landlock::RulesetError> {
            Ruleset::default()
                .handle_access(AccessFs::from_all(abi))?
                .handle_access(AccessNet::from_all(abi))?
                .scope(Scope::from_all(abi))?
                .create()?
                .add_rules(path_beneath_rules(READABLE, AccessFs::from_read(abi)))?
                .add_rules(path_beneath_rules(self.readable, AccessFs::from_read(abi)))?
                .add_rules(path_beneath_rules(self.writable, AccessFs::from_all(abi) & !AccessFs::Execute))?
                .restrict_self()
        };
        match status().map_err(text)?.ruleset {
            RulesetStatus::NotEnforced => Err("this kernel does not have it".to_owned()),
            RulesetStatus::PartiallyEnforced | RulesetStatus::FullyEnforced => Ok(()),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn text(error: impl ToString) -> String {
    error.to_string()
}

fn limit() -> Result<(), String> {
    for (resource, most) in [(Resource::Core, 0), (Resource::Fsize, LARGEST_FILE), (Resource::Nofile, MOST_DESCRIPTORS)]
    {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, limit).map_err(text)?;
    }
    Ok(())
}

/// Calls that a key system has no use for.
fn refused() -> Vec<libc::c_long> {
    vec![
        // Programs and processes.
        libc::SYS_execve,
        libc::SYS_execveat,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_fork,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_vfork,
        // Other processes.
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_process_madvise,
        libc::SYS_kcmp,
        libc::SYS_pidfd_getfd,
        libc::SYS_kill,
        libc::SYS_tkill,
        libc::SYS_rt_sigqueueinfo,
        libc::SYS_rt_tgsigqueueinfo,
        libc::SYS_pidfd_send_signal,
        // Sockets.
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_accept,
        libc::SYS_accept4,
        // The system.
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_keyctl,
        libc::SYS_open_by_handle_at,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_swapoff,
        libc::SYS_acct,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
        libc::SYS_personality,
        libc::SYS_quotactl,
    ]
}

/// Besides [`refused`]: processes that are no threads, signals for other processes, and input for a terminal.
fn filter_calls() -> Result<BpfProgram, String> {
    let condition = |argument, length, operator, value| {
        SeccompCondition::new(argument, length, operator, value)
            .and_then(|condition| SeccompRule::new(vec![condition]))
            .map_err(text)
    };
    let thread = u64::try_from(libc::CLONE_THREAD).map_err(text)?;
    let own = u64::try_from(getpid().as_raw_nonzero().get()).map_err(text)?;
    let dword = SeccompCmpArgLen::Dword;
    let mut rules: BTreeMap<libc::c_long, Vec<SeccompRule>> =
        refused().into_iter().map(|call| (call, vec![])).collect();
    rules.insert(libc::SYS_clone, vec![condition(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(thread), 0)?]);
    rules.insert(libc::SYS_tgkill, vec![condition(0, dword.clone(), SeccompCmpOp::Ne, own)?]);
    #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, reason = "another type in libc for OpenHarmony")]
    let terminal = [libc::TIOCSTI as u64, libc::TIOCLINUX as u64];
    let terminal = terminal.map(|command| condition(1, dword.clone(), SeccompCmpOp::Eq, command));
    rules.insert(libc::SYS_ioctl, terminal.into_iter().collect::<Result<_, _>>()?);
    // The same calls by their numbers for x32.
    if cfg!(target_arch = "x86_64") {
        rules.extend(rules.clone().into_iter().map(|(call, rule)| (call | 0x4000_0000, rule)).collect::<Vec<_>>());
    }
    program(rules, libc::EPERM)
}

/// `clone3`, whose flags no filter can see: as if the kernel did not have it, so that threads are made by `clone`.
fn filter_clone3() -> Result<BpfProgram, String> {
    program(BTreeMap::from([(libc::SYS_clone3, vec![])]), libc::ENOSYS)
}

fn program(rules: BTreeMap<libc::c_long, Vec<SeccompRule>>, error: i32) -> Result<BpfProgram, String> {
    let error = SeccompAction::Errno(u32::try_from(error).map_err(text)?);
    let architecture = std::env::consts::ARCH.try_into().map_err(text)?;
    let filter = SeccompFilter::new(rules.into_iter().collect(), SeccompAction::Allow, error, architecture);
    filter.map_err(text)?.try_into().map_err(text)
}
