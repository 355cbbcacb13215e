//! What an application must not do. None of it returns under a kernel that is right.

use std::hint::black_box;

/// Does it.
pub fn commit(name: &str) {
    let address = |address: usize| black_box(address) as *mut u64;
    let text = commit as fn(&str) as usize;
    // SAFETY: none of it is; that is the point.
    unsafe {
        match name {
            "overflow" => println!("{}", overflow(1)),
            "write-text" => address(text & !7).write_volatile(0),
            "read-kernel" => println!("{}", address(0x10_0000).read_volatile()),
            "read-window" => println!("{}", address(0xffff_8000_0020_0000).read_volatile()),
            "read-nothing" => println!("{}", address(8).read_volatile()),
            "run-data" => run_data(),
            "halt" => std::arch::asm!("hlt"),
            "port" => std::arch::asm!("out dx, al", in("dx") 0x3f8u16, in("al") b'x'),
            "illegal" => std::arch::asm!("ud2"),
            "abort" => std::process::abort(),
            "lock" => lock_twice(),
            "hoard" => hoard(),
            "sealed" => sealed(),
            _ => println!("probe: unknown misdeed"),
        }
    }
    println!("probe: got away with it");
}

#[expect(unconditional_recursion, reason = "until the stack ends")]
fn overflow(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    overflow(depth + 1) + frame[7]
}

fn run_data() {
    // A return instruction.
    let data = Box::new([0xc3u8; 16]);
    // SAFETY: it is not.
    let function: extern "C" fn() = unsafe { std::mem::transmute(data.as_ptr()) };
    function();
    black_box(data);
}

fn lock_twice() {
    let mutex = std::sync::Mutex::new(());
    let _first = mutex.lock();
    let _second = mutex.lock();
}

/// Gives up what it does not need, then asks for memory.
fn sealed() {
    let program = [libc::sock_filter { code: 6, jt: 0, jf: 0, k: 0x7fff_0000 }];
    let mut program = libc::sock_fprog { len: 1, filter: program.as_ptr().cast_mut() };
    // SAFETY: a program of one instruction, which allows everything; then a new mapping.
    unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        libc::syscall(libc::SYS_seccomp, 1, 0, &raw mut program);
        println!("probe: sealed");
        libc::mmap(std::ptr::null_mut(), 4096, libc::PROT_READ, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0);
    }
}

/// Uses memory that nothing promised until there is none.
fn hoard() {
    let length = 1usize << 40;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new range, whose pages are then written one after the other.
    unsafe {
        let start = libc::mmap(std::ptr::null_mut(), length, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
        for offset in (0..length).step_by(4096) {
            start.cast::<u8>().add(offset).write_volatile(1);
        }
    }
}
