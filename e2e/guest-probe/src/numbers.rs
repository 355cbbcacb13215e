//! What comes out of registers: randomness, results of system calls, and arithmetic around them.

use std::hint::black_box;

/// Random octets in hexadecimal.
pub fn random(length: usize) -> String {
    let mut octets = vec![0u8; length];
    // SAFETY: the buffer is that long.
    let filled = unsafe { libc::getrandom(octets.as_mut_ptr().cast(), length, 0) };
    assert_eq!(filled, length as isize);
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The error number of a system call with no sensible arguments, called twice.
pub fn system_call(number: usize) -> i32 {
    let mut error = 0;
    for _ in 0..2 {
        // SAFETY: no address is among the arguments.
        let result = unsafe { libc::syscall(number as i64, 0, 0, 0) };
        error = if result < 0 { std::io::Error::last_os_error().raw_os_error().unwrap_or(0) } else { 0 };
    }
    error
}

/// Wide registers hold numbers while the kernel is in between, by system call and by page fault.
pub fn registers_survive_system_calls() -> bool {
    let wide = std::is_x86_feature_detected!("avx");
    let fresh: Vec<u8> = Vec::with_capacity(20 << 20);
    (0..5_000usize).all(|round| {
        let numbers = black_box([round as u64, !(round as u64), 3, 4]);
        let mut after = [0u64; 4];
        let touch = fresh.as_ptr().wrapping_add(round * 4096);
        // SAFETY: gettid has no arguments; what it and the page fault may change is declared, and the page is allocated
        // memory.
        unsafe {
            if wide {
                std::arch::asm!("vmovdqu ymm9, [{0}]", "syscall", "mov cl, [{2}]", "vmovdqu [{1}], ymm9", "vzeroupper",
                    in(reg) numbers.as_ptr(), in(reg) after.as_mut_ptr(), in(reg) touch, inout("rax") 186 => _,
                    out("rcx") _, out("r11") _, out("ymm9") _);
                after == numbers
            } else {
                std::arch::asm!("movdqu xmm9, [{0}]", "syscall", "mov cl, [{2}]", "movdqu [{1}], xmm9",
                    in(reg) numbers.as_ptr(), in(reg) after.as_mut_ptr(), in(reg) touch, inout("rax") 186 => _,
                    out("rcx") _, out("r11") _, out("xmm9") _);
                after[..2] == numbers[..2]
            }
        }
    })
}
