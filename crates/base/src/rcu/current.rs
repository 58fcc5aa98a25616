//! The calling thread's record.
//!
//! Finding it is the first thing that every sample does. A thread-local variable of a shared library costs a call that looks
//! the library up among all loaded ones; on x86-64 Linux, a TLS descriptor is cheaper, and stable Rust can only have one by
//! assembly.

use super::record::Record;

/// The calling thread's record; null before its first pin and after its end. Has no destructor, so that it can be used at
/// any time and without a check.
///
/// A model checker's threads are one thread to the linker, and have a variable each of the other kind.
#[cfg(all(target_arch = "x86_64", target_os = "linux", target_pointer_width = "64", not(miri), not(loom)))]
mod variable {
    use core::arch::{asm, global_asm};

    use super::Record;

    /// The variable's symbol: another version of the crate in the same program has another one.
    macro_rules! symbol {
        () => {
            concat!(
                "native_drm_thread_record_",
                env!("CARGO_PKG_VERSION_MAJOR"),
                "_",
                env!("CARGO_PKG_VERSION_MINOR"),
                "_",
                env!("CARGO_PKG_VERSION_PATCH")
            )
        };
    }

    global_asm!(
        ".pushsection .tbss.native_drm_thread_record,\"awT\",@nobits",
        ".p2align 3",
        concat!(".globl ", symbol!()),
        concat!(".hidden ", symbol!()),
        concat!(".type ", symbol!(), ", @object"),
        concat!(".size ", symbol!(), ", 8"),
        concat!(symbol!(), ":"),
        ".zero 8",
        ".popsection",
    );

    #[inline(always)]
    pub(super) fn get() -> *const Record {
        let record: *const Record;
        // SAFETY: the sequence that the ABI demands ("ELF Handling For Thread-Local Storage", section on descriptors), then a
        // read of this thread's variable. The call preserves all registers but rax and the flags; glibc before 2.40 may also
        // change vector registers in it.
        unsafe {
            asm!(
                concat!("lea rax, [rip + ", symbol!(), "@tlsdesc]"),
                concat!("call qword ptr [rax + ", symbol!(), "@tlscall]"),
                "mov rax, fs:[rax]",
                out("rax") record,
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _,
                out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                options(readonly),
            );
        }
        record
    }

    #[cold]
    pub(super) fn set(record: *const Record) {
        // SAFETY: as above, with a write instead of the read; the variable has the size of a pointer.
        unsafe {
            asm!(
                concat!("lea rax, [rip + ", symbol!(), "@tlsdesc]"),
                concat!("call qword ptr [rax + ", symbol!(), "@tlscall]"),
                "mov fs:[rax], {record}",
                record = in(reg) record,
                out("rax") _,
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _,
                out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
            );
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux", target_pointer_width = "64", not(miri), not(loom))))]
mod variable {
    use core::cell::Cell;
    use core::ptr;

    use super::Record;
    use crate::sync::thread_local;

    thread_local! {
        static CURRENT: Cell<*const Record> = const { Cell::new(ptr::null()) };
    }

    #[inline]
    pub(super) fn get() -> *const Record {
        CURRENT.try_with(Cell::get).unwrap_or(ptr::null())
    }

    #[cold]
    pub(super) fn set(record: *const Record) {
        // Fails where nobody asks any more: only a model checker's variables end before their thread.
        let _ = CURRENT.try_with(|current| current.set(record));
    }
}

/// The calling thread's record; null before its first pin and after its end.
#[inline(always)]
pub(super) fn get() -> *const Record {
    variable::get()
}

/// Changes it, to null or to a record that is never freed.
pub(super) fn set(record: *const Record) {
    variable::set(record);
}
