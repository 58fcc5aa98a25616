//! `native_drm_plugin.h`: key systems by others, in the program itself or in shared libraries.

mod calls;
mod functions;
mod handles;
mod host;
mod host_store;
mod load;
mod plugin;
mod session;
mod stage;
mod system;
mod system_tables;
mod tables;

pub use functions::*;
pub use system_tables::*;
pub use tables::*;

#[cfg(test)]
pub(crate) use handles::{PluginSessions, PluginSystems};
pub(crate) use load::{check_owners, folders, has_more_rights, load, own_folder, search};
