//! From the monitor's jump to Rust: PVH entry in 32-bit mode, first page tables, long mode, SSE.
//!
//! PVH (xen/include/public/arch-x86/hvm/start_info.h): protected mode without paging, EBX points to the start info. The
//! first tables map 4 GiB twice: where they are, for the code that runs, and from [`DIRECT`] on, for good.
//! `space.rs` later replaces the former by the kernel's own pages, each with its rights.

use core::arch::global_asm;

use guest::paging::Table;

/// Physical memory is seen from here on.
pub const DIRECT: u64 = 0xffff_8000_0000_0000;
/// How much of it.
pub const DIRECT_SIZE: u64 = 4 << 30;

/// A page-aligned table of the first address space.
#[repr(C, align(4096))]
pub struct Aligned<T>(pub T);

/// The root of all address spaces: there is one.
#[unsafe(no_mangle)]
static mut ROOT: Aligned<Table> = Aligned([0; 512]);
#[unsafe(no_mangle)]
static mut DIRECT_THIRD: Aligned<Table> = Aligned([0; 512]);
#[unsafe(no_mangle)]
static mut DIRECT_SECOND: Aligned<[Table; 4]> = Aligned([[0; 512]; 4]);

/// A stack with a page below it that is never there.
#[repr(C, align(4096))]
pub struct Stack<const N: usize> {
    guard: [u8; 4096],
    octets: [u8; N],
}

impl<const N: usize> Stack<N> {
    const fn new() -> Stack<N> {
        Stack { guard: [0; 4096], octets: [0; N] }
    }
}

/// The stack of everything but the next two.
#[unsafe(no_mangle)]
pub static mut KERNEL_STACK: Stack<{ 64 << 10 }> = Stack::new();
/// Faults that leave no stack to trust: double fault, machine check, NMI.
pub static mut FAULT_STACK: Stack<{ 8 << 10 }> = Stack::new();
/// Interrupts. They have one of their own because the code they interrupt may use octets below its stack pointer.
pub static mut INTERRUPT_STACK: Stack<{ 4 << 10 }> = Stack::new();

/// Where the third-level table of the window at [`DIRECT`] is.
pub fn direct_third() -> u64 {
    &raw const DIRECT_THIRD as u64
}

/// Where the four tables of large pages at [`DIRECT`] are.
pub fn direct_tables() -> u64 {
    &raw const DIRECT_SECOND as u64
}

/// The pages below the stacks.
pub fn guards() -> [u64; 3] {
    [&raw const KERNEL_STACK as u64, &raw const FAULT_STACK as u64, &raw const INTERRUPT_STACK as u64]
}

global_asm!(
    r#"
    .section .note.pvh, "a", @note
    .balign 4
    .long 4
    .long 8
    .long 18
    .asciz "Xen"
    .quad start32

    .section .text.start, "ax"
    .code32
    .global start32
start32:
    cli; cld
    mov esp, offset KERNEL_STACK + 4096 + 65536
    mov esi, ebx

    mov edi, offset DIRECT_SECOND
    mov eax, 0x83
    mov ecx, 2048
2:  mov [edi], eax
    add eax, 0x200000; add edi, 8; dec ecx
    jnz 2b

    mov edi, offset DIRECT_THIRD
    mov eax, offset DIRECT_SECOND + 3
    mov ecx, 4
3:  mov [edi], eax
    add eax, 4096; add edi, 8; dec ecx
    jnz 3b

    mov eax, offset DIRECT_THIRD + 3
    mov [ROOT], eax
    mov [ROOT + 2048], eax

    mov eax, cr4
    or eax, 0x620
    mov cr4, eax
    mov eax, offset ROOT
    mov cr3, eax
    mov ecx, 0xc0000080
    rdmsr
    or eax, 0x901
    wrmsr
    mov eax, cr0
    and eax, 0xfffffffb
    or eax, 0x80010022
    mov cr0, eax

    lgdt [start_gdt_pointer]
    push 8; mov eax, offset start64; push eax; retf

    .code64
start64:
    mov eax, 16
    mov ds, eax; mov es, eax; mov ss, eax
    xor eax, eax; mov fs, eax; mov gs, eax
    mov rsp, offset KERNEL_STACK + 4096 + 65536
    mov edi, esi
    xor ebp, ebp
    call kernel_main
    ud2

    .section .rodata.start, "a"
    .balign 8
start_gdt:
    .quad 0
    .quad 0x00af9b000000ffff
    .quad 0x00cf93000000ffff
start_gdt_pointer:
    .word 23
    .long start_gdt
    .text
"#
);
