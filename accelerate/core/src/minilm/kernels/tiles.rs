//! Products with AMX: eight registers of 16 rows of 64 bytes, and an instruction that multiplies two of them.
//!
//! The compiler has no stable intrinsics for them, so a product is one block of assembly, which configures the tiles,
//! uses them and releases them: no state of theirs is there before or after it.

use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count};
use std::sync::LazyLock;

use super::Rows;
use crate::minilm::cells::{BLOCK, Half, PANEL};

/// Bytes of a tile's row.
const ROW: usize = 64;

/// What `ldtilecfg` reads: palette 1, and eight tiles of 16 rows of 64 bytes.
#[repr(C, align(64))]
struct Shapes {
    palette: u8,
    start: u8,
    unused: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

const fn first_eight(value: u8) -> [u8; 16] {
    let mut all = [0; 16];
    let mut at = 0;
    while at < 8 {
        all[at] = value;
        at += 1;
    }
    all
}

const WIDE: u16 = ROW as u16;
static SHAPES: Shapes = Shapes {
    palette: 1,
    start: 0,
    unused: [0; 14],
    row_bytes: [WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, WIDE, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: first_eight(PANEL as u8),
};

static ARE_THERE: LazyLock<bool> = LazyLock::new(|| {
    const BF16_AND_TILES: u32 = 1 << 22 | 1 << 24;
    __cpuid(0).eax >= 7 && __cpuid_count(7, 0).edx & BF16_AND_TILES == BF16_AND_TILES && is_granted()
});

/// Whether the processor has the instructions and the system lets this process use them.
pub fn are_there() -> bool {
    *ARE_THERE
}

/// Ask the system for the tiles' part of the processor's state, which processes do not have unasked.
#[cfg(target_os = "linux")]
fn is_granted() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_int = 0x1023;
    const XFEATURE_XTILEDATA: libc::c_ulong = 18;
    // SAFETY: the call takes two numbers and touches no memory; it is refused where it is not known.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn is_granted() -> bool {
    false
}

pub fn multiply(rows: Rows<'_, Half>, panels: &[Half], product: &mut [f32]) {
    let depth = rows.checked(panels, product);
    if rows.blocks == 0 || depth == 0 {
        return product.fill(0.0);
    }
    let (stride, steps) = (rows.stride * size_of::<Half>(), depth / BLOCK);
    let left = rows.cells.as_ptr().cast::<u8>();
    // SAFETY: `available` offers this function only where the processor has these instructions and the system granted
    // them. `checked`: each of the `blocks` times 32 rows has `steps` times 64 bytes in its memory, both panels have
    // `steps` times 16 rows of 64 bytes, and the product has 32 rows of 128 bytes a block; nothing else is touched: to fetch
    // ahead (the panels of the next product, most likely) is no access. The tiles are released at the end.
    unsafe {
        asm!(
            "ldtilecfg [{count}]",
            "2:",
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "mov {count}, {steps}",
            "3:",
            "tileloadd tmm4, [{upper} + {stride}*1]",
            "tileloadd tmm6, [{first} + {row}*1]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{second} + {row}*1]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{lower} + {stride}*1]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {upper}, 64",
            "add {lower}, 64",
            "add {first}, 1024",
            "add {second}, 1024",
            "prefetcht1 [{ahead}]",
            "prefetcht1 [{ahead} + 64]",
            "add {ahead}, 128",
            "dec {count}",
            "jnz 3b",
            "lea {count}, [{row}*2]",
            "tilestored [{onto} + {count}*1], tmm0",
            "tilestored [{onto} + {count}*1 + 64], tmm1",
            "tilestored [{onto} + {count}*1 + 2048], tmm2",
            "tilestored [{onto} + {count}*1 + 2112], tmm3",
            "add {onto}, 4096",
            "add {upper}, {next}",
            "add {lower}, {next}",
            "mov {count}, {steps}",
            "shl {count}, 10",
            "sub {first}, {count}",
            "sub {second}, {count}",
            "dec {blocks}",
            "jnz 2b",
            "tilerelease",
            count = inout(reg) &raw const SHAPES => _,
            steps = in(reg) steps,
            stride = in(reg) stride,
            row = in(reg) ROW,
            upper = inout(reg) left => _,
            lower = inout(reg) left.wrapping_add(PANEL * stride) => _,
            first = inout(reg) panels.as_ptr() => _,
            second = inout(reg) panels.as_ptr().wrapping_add(depth * PANEL) => _,
            ahead = inout(reg) panels.as_ptr_range().end => _,
            onto = inout(reg) product.as_mut_ptr() => _,
            next = in(reg) (BLOCK * stride).wrapping_sub(steps * ROW),
            blocks = inout(reg) rows.blocks => _,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}
