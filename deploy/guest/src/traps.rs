//! Segments, the processor's protections, and the ways into the kernel: faults, interrupts, system calls.
//!
//! System calls and faults of the application start on an empty kernel stack. The application's SSE registers are saved
//! on the way, because the compiled kernel uses them; it uses no wider ones. Interrupts are let in during `hlt` only,
//! never in ring 3: their handler is one instruction that changes nothing the interrupted code could see.

use core::arch::{asm, global_asm};

use crate::kernel;
use crate::machine::{cpuid, fault_address, has, write_msr};
use crate::power::{FAULT, LACKING};
use crate::space::{Access, Denied, MAPPINGS_TOP, STACK_BOTTOM};
use crate::start::{FAULT_STACK, INTERRUPT_STACK, KERNEL_STACK, Stack};
use crate::{give_up, syscalls};

/// The timer's interrupt.
pub const TIMER: u8 = 0x20;
/// All devices' interrupt.
pub const DEVICE: u8 = 0x21;
/// What the local APIC says when it meant nothing.
pub const SPURIOUS: u8 = 0xff;

const KERNEL_CODE: u64 = 0x08;
const KERNEL_DATA: u64 = 0x10;
/// SYSRET takes data from here and code from the next.
const USER_BASE: u64 = 0x18;
const USER_DATA: u64 = 0x23;
const USER_CODE: u64 = 0x2b;
const TASK: u64 = 0x30;
/// The application's flags: no interrupts.
const USER_FLAGS: u64 = 2;

const DOUBLE_FAULT: u64 = 8;
const PAGE_FAULT: u64 = 14;
/// Vectors that may come when no stack can be trusted: NMI, double fault, machine check.
const ON_FAULT_STACK: [u8; 3] = [2, 8, 18];

static mut SEGMENTS: [u64; 8] =
    [0, 0x00af_9b00_0000_ffff, 0x00cf_9300_0000_ffff, 0, 0x00cf_f300_0000_ffff, 0x00af_fb00_0000_ffff, 0, 0];
static mut GATES: [[u64; 2]; 256] = [[0; 2]; 256];
static mut TASK_STATE: [u32; 26] = [0; 26];

/// What a handler finds on its stack.
#[derive(Debug)]
#[repr(C)]
pub struct Frame {
    /// r15 to rax, in the order in which they were pushed last to first.
    pub registers: [u64; 15],
    /// Which fault.
    pub vector: u64,
    /// What the processor says about it, or 0.
    pub error: u64,
    /// Where it happened.
    pub instruction: u64,
    /// In which ring.
    pub code_segment: u64,
    /// Flags, stack pointer and segment at that moment.
    pub rest: [u64; 3],
}

/// Loads segments and gates, and turns on what protects the kernel from the application.
pub fn start() {
    let (segments, gates, task) = (&raw mut SEGMENTS, &raw mut GATES, &raw mut TASK_STATE);
    // SAFETY: runs once, before anything else uses these statics.
    let (segments, gates, task) = unsafe { (&mut *segments, &mut *gates, &mut *task) };
    let top = |stack: u64, size: usize| stack + size as u64;
    let stacks = [
        (1, top(&raw const KERNEL_STACK as u64, size_of::<Stack<{ 64 << 10 }>>())),
        (9, top(&raw const FAULT_STACK as u64, size_of::<Stack<{ 8 << 10 }>>())),
        (11, top(&raw const INTERRUPT_STACK as u64, size_of::<Stack<{ 4 << 10 }>>())),
    ];
    for (place, stack) in stacks {
        task[place] = stack as u32;
    }
    // No permissions for ports.
    task[25] = 104 << 16;
    let address = &raw const TASK_STATE as u64;
    segments[6] = 103 | (address & 0xff_ffff) << 16 | 0x89 << 40 | (address >> 24 & 0xff) << 56;
    segments[7] = address >> 32;
    for vector in 0..32u8 {
        let stack = u64::from(ON_FAULT_STACK.contains(&vector));
        gates[usize::from(vector)] = gate(&raw const fault_stubs as u64 + 16 * u64::from(vector), stack);
    }
    for vector in [TIMER, DEVICE] {
        gates[usize::from(vector)] = gate(&raw const interrupt_stub as u64, 2);
    }
    gates[usize::from(SPURIOUS)] = gate(&raw const spurious_stub as u64, 2);
    load(&raw const SEGMENTS as u64, &raw const GATES as u64);
    protect();
    // SAFETY: every processor in long mode has these; the entry is code of ours, the segments are those above.
    unsafe {
        write_msr(0xc000_0081, USER_BASE << 48 | KERNEL_CODE << 32);
        write_msr(0xc000_0082, &raw const syscall_entry as u64);
        // Interrupts, traps, direction, nested task, alignment check: off on entry.
        write_msr(0xc000_0084, 0x4_7700);
    }
}

/// Starts the application.
pub fn enter(entry: u64, stack: u64) -> ! {
    // SAFETY: entry and stack are the application's, in ring 3; no register keeps anything of the kernel's.
    unsafe {
        asm!(
            "mov ds, {data:x}", "mov es, {data:x}",
            "push {data}", "push {stack}", "push {flags}", "push {code}", "push {entry}",
            "xor eax, eax", "xor ebx, ebx", "xor ecx, ecx", "xor edx, edx", "xor esi, esi", "xor edi, edi", "xor ebp, ebp",
            "xor r8d, r8d", "xor r9d, r9d", "xor r10d, r10d", "xor r11d, r11d", "xor r12d, r12d", "xor r13d, r13d",
            "xor r14d, r14d", "xor r15d, r15d", "iretq",
            data = in(reg) USER_DATA, stack = in(reg) stack, flags = in(reg) USER_FLAGS, code = in(reg) USER_CODE,
            entry = in(reg) entry, options(noreturn)
        )
    }
}

fn gate(address: u64, stack: u64) -> [u64; 2] {
    let low = address & 0xffff | KERNEL_CODE << 16 | stack << 32 | 0x8e << 40 | (address >> 16 & 0xffff) << 48;
    [low, address >> 32]
}

fn load(segments: u64, gates: u64) {
    let pointer = |address: u64, limit: u16| {
        let mut octets = [0u8; 10];
        octets[..2].copy_from_slice(&limit.to_le_bytes());
        octets[2..].copy_from_slice(&address.to_le_bytes());
        octets
    };
    let (segments, gates) = (pointer(segments, 63), pointer(gates, 4095));
    // SAFETY: both tables are static, and describe the segments that run already.
    unsafe {
        asm!("lgdt [{}]", "lidt [{}]", "mov ss, {2:x}", "ltr {3:x}",
            in(reg) &segments, in(reg) &gates, in(reg) KERNEL_DATA, in(reg) TASK);
    }
}

/// Ring 0 neither runs nor touches pages of ring 3, ring 3 does not read where the tables lie, where the processor can
/// see to it; and the application may use the wider registers that it finds in CPUID.
fn protect() {
    let bit = |leaf, register, bit, control: u32| if has(leaf, register, bit) { 1u64 << control } else { 0 };
    let wide = bit(1, 2, 26, 18);
    let bits = bit(7, 1, 7, 20) | bit(7, 1, 20, 21) | bit(7, 2, 2, 11) | wide;
    // SAFETY: each bit is one that the processor has; the kernel does none of what they forbid.
    unsafe { asm!("mov {0}, cr4", "or {0}, {1}", "mov cr4, {0}", out(reg) _, in(reg) bits, options(nostack)) }
    if wide != 0 {
        // x87, SSE, AVX, AVX-512; all others would have to be saved nowhere either, but nothing here needs them.
        let features = cpuid(13, 0)[0] & 0xe7;
        // SAFETY: the processor has these, and the kernel uses none of them beyond SSE.
        unsafe { asm!("xsetbv", in("ecx") 0, in("eax") features, in("edx") 0, options(nomem, nostack)) }
    }
}

/// From the stubs below.
#[unsafe(no_mangle)]
extern "C" fn fault(frame: &Frame) {
    if frame.code_segment & 3 == 0 {
        let (vector, error, at) = (frame.vector, frame.error, frame.instruction);
        let what = if vector == DOUBLE_FAULT { " (its stack has overflowed, or worse)" } else { "" };
        give_up!(
            FAULT,
            "the kernel failed: fault {vector}{what}, error {error:#x}, at {at:#x}, address {:#x}",
            fault_address()
        );
    }
    if frame.vector != PAGE_FAULT {
        give_up!(FAULT, "the application failed: {} at {:#x}", name(frame.vector), frame.instruction);
    }
    let access = match frame.error {
        error if error & 16 != 0 => Access::Execute,
        error if error & 2 != 0 => Access::Write,
        _ => Access::Read,
    };
    // SAFETY: the application was running, so that no reference to the kernel's state is in use.
    let kernel = unsafe { kernel::get() };
    let address = fault_address();
    // A fault on a page that is there cannot be helped by looking again.
    let result = if frame.error & 1 != 0 { Err(Denied::Protected) } else { kernel.space.touch(address, access) };
    match result {
        Ok(_) => {}
        Err(Denied::NoMemory) => give_up!(LACKING, "out of memory: the application uses more than the machine has"),
        Err(_) if (MAPPINGS_TOP..STACK_BOTTOM).contains(&address) => {
            give_up!(
                FAULT,
                "the application failed: its stack has overflowed, at {:#x}, address {address:#x}",
                frame.instruction
            )
        }
        Err(denied) => {
            let does = match access {
                Access::Read => "reads",
                Access::Write => "writes",
                Access::Execute => "runs",
            };
            let what = if denied == Denied::NotMapped { "which is not there" } else { "which it may not" };
            give_up!(
                FAULT,
                "the application failed: it {does} address {address:#x}, {what}, at {:#x}",
                frame.instruction
            )
        }
    }
}

fn name(vector: u64) -> &'static str {
    match vector {
        0 => "division by zero",
        1 | 3 => "a breakpoint",
        6 => "an illegal instruction",
        13 => "a protection fault",
        16 | 19 => "a floating-point exception",
        17 => "an unaligned access",
        _ => "a fault",
    }
}

/// From `syscall_entry`: number and arguments as they were in the registers.
#[unsafe(no_mangle)]
extern "C" fn system_call(frame: &[u64; 7]) -> i64 {
    let [number, arguments @ ..] = frame;
    // SAFETY: the application was running, so that no reference to the kernel's state is in use.
    let kernel = unsafe { kernel::get() };
    syscalls::serve(kernel, *number, *arguments)
}

/// Where the end of an interrupt is to be written.
#[unsafe(no_mangle)]
pub static mut INTERRUPT_END: u64 = 0;

#[unsafe(no_mangle)]
static mut USER_STACK: u64 = 0;

unsafe extern "C" {
    // Code below; only its addresses mean anything here.
    static fault_stubs: u8;
    static interrupt_stub: u8;
    static spurious_stub: u8;
    static syscall_entry: u8;
}

global_asm!(
    r#"
    .balign 16
    .global fault_stubs
fault_stubs:
    .irp vector, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    .balign 16
    .if (\vector != 8) && ((\vector < 10) || (\vector > 14)) && (\vector != 17) && (\vector != 21) && (\vector != 29) && (\vector != 30)
    push 0
    .endif
    push \vector
    jmp fault_common
    .endr

fault_common:
    push rax; push rbx; push rcx; push rdx; push rsi
    push rdi; push rbp; push r8; push r9; push r10
    push r11; push r12; push r13; push r14; push r15
    mov rdi, rsp
    mov rbx, rsp
    cld
    sub rsp, 512
    and rsp, -16
    fxsave64 [rsp]
    call fault
    fxrstor64 [rsp]
    mov rsp, rbx
    pop r15; pop r14; pop r13; pop r12; pop r11
    pop r10; pop r9; pop r8; pop rbp; pop rdi
    pop rsi; pop rdx; pop rcx; pop rbx; pop rax
    add rsp, 16
    iretq

    .global interrupt_stub
interrupt_stub:
    push rax
    mov rax, [rip + INTERRUPT_END]
    mov dword ptr [rax], 0
    pop rax
    .global spurious_stub
spurious_stub:
    iretq

    .global syscall_entry
syscall_entry:
    mov [rip + USER_STACK], rsp
    lea rsp, [rip + KERNEL_STACK + 4096 + 65536]
    push rcx; push r11; push r9; push r8; push r10
    push rdx; push rsi; push rdi; push rax
    mov rdi, rsp
    sub rsp, 520
    fxsave64 [rsp]
    call system_call
    fxrstor64 [rsp]
    add rsp, 528
    pop rdi; pop rsi; pop rdx; pop r10; pop r8
    pop r9; pop r11; pop rcx
    mov rsp, [rip + USER_STACK]
    sysretq
"#
);
