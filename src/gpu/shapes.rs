//! How work is shared out: threads, workgroups, blocks. On hardware any shape with some 100,000 threads reads at the speed
//! of memory. A driver that runs shaders on the CPU has a core for a workgroup and eight lanes for its threads: barriers
//! cost there, and so does every workgroup, some half a microsecond.

use super::capabilities::Capabilities;

impl Capabilities {
    /// Threads that share one row of a softmin over contiguous memory.
    pub(crate) fn lanes_per_row(&self) -> u32 {
        if self.software { 1 } else { 64 }
    }

    /// Threads that share four points of a softmin over so many fours of points: few where the points alone fill the device.
    pub(crate) fn lanes_per_point(&self, fours: usize) -> u32 {
        if self.software {
            return 1;
        }
        let wanted = (1 << 17) / fours.max(1);
        (wanted.clamp(1, 64) as u32).next_power_of_two()
    }

    /// Threads of a workgroup in a softmin along an axis of a grid, and how many share a tile, of so many tiles in all of
    /// which `line` lie behind each other. A driver that runs shaders on the CPU reads fast what its vectors share, the
    /// line.
    pub(crate) fn axis_shape(&self, tiles: usize, line: usize) -> (u32, u32) {
        if self.software {
            return ((line.min(32) as u32).next_power_of_two().clamp(8, 32), 1);
        }
        (256, self.lanes_per_point(tiles))
    }

    /// Threads of a workgroup in the streaming sweeps.
    pub(crate) fn sweep_workgroup(&self) -> u32 {
        if self.software { 32 } else { 256 }
    }

    /// Threads of a workgroup that solves one small problem by itself.
    pub(crate) fn resident_workgroup(&self) -> u32 {
        // Eight is one SIMD register on CPU drivers, where a barrier among more costs.
        if self.software { 8 } else { 32 }
    }

    /// Threads and points of a workgroup that sorts its points by formula: enough points for
    /// whole vectors of each formula, on a software driver with the threads of one vector.
    pub(crate) fn sorted_tile(&self) -> (u32, u32) {
        if self.software { (8, 512) } else { (128, 1024) }
    }

    /// Points of the first submission of an elementwise function; the clock sizes the others.
    pub(crate) fn first_points(&self) -> usize {
        if self.software { 1 << 16 } else { 1 << 20 }
    }

    /// Problems that should run at once to keep the device busy, one workgroup each.
    pub(crate) fn parallel_problems(&self) -> usize {
        if self.software { 64 } else { 2048 }
    }

    /// Bytes of workgroup memory a kernel may use.
    pub(crate) fn workgroup_memory(&self) -> u32 {
        self.limits.max_compute_workgroup_storage_size
    }

    /// Whether sums of exponentials may use the built-in `exp2`.
    pub(crate) fn native_exp2(&self) -> bool {
        !self.software && self.probes.exp2_error <= 8.0
    }

    /// Rough softmin elements a second, for the length of the first submission
    /// only; later ones are sized by the clock.
    pub(crate) fn elements_per_second(&self) -> f64 {
        if self.software { 4e8 } else { 1e10 }
    }

    /// Softmin elements of a submission whose length no clock sizes.
    pub(crate) fn elements_per_submission(&self) -> f64 {
        self.elements_per_second() * self.submission_seconds()
    }

    /// Seconds of work a submission should hold. Windows resets a device after
    /// two; browsers become unresponsive long before.
    pub(crate) fn submission_seconds(&self) -> f64 {
        if self.software { 0.1 } else { 0.03 }
    }

    /// Threads of a workgroup over rows that each thread, or a few of them, does alone.
    pub(crate) fn row_workgroup(&self) -> u32 {
        if self.software { 8 } else { 64 }
    }

    /// Segments of rows in all that fill the adapter, and quads below which none pays.
    pub(crate) fn row_units(&self) -> (usize, usize) {
        if self.software { (256, 256) } else { (4096, 512) }
    }

    /// Quads of a row of so many that a thread takes where one thread a column would do.
    pub(crate) fn quads_per_column_thread(&self, quads: usize) -> usize {
        if self.software { quads.div_ceil(64).max(1) } else { 1 }
    }

    /// Sums over columns in all that fill the adapter.
    pub(crate) fn column_units(&self) -> usize {
        if self.software { 256 } else { 16384 }
    }

    /// Tiles of pairs of rows in all that fill the adapter, and words of a support below which none pays.
    pub(crate) fn pair_units(&self) -> (usize, usize) {
        if self.software { (16, 64) } else { (2048, 8) }
    }

    /// Rows that a workgroup of pairs takes one after the other, of so many.
    pub(crate) fn rows_per_pair_group(&self, rows: usize) -> usize {
        if self.software { 8.min(rows.div_ceil(4)) } else { 1 }
    }

    /// Directions whose sum one thread makes, where that does not depend on how many there are.
    pub(crate) fn direction_block(&self) -> Option<usize> {
        self.software.then_some(128)
    }

    /// Threads of a workgroup that take quads of a direction beside each other.
    pub(crate) fn direction_workgroup(&self) -> u32 {
        if self.software { 16 } else { 64 }
    }

    /// Numbers of threads that may hold a direction in registers, and how many matrices of sixteen quads each at most.
    /// On a GPU few, so that many workgroups run at once.
    pub(crate) fn direction_lanes(&self) -> ([u32; 4], u32) {
        if self.software { ([8, 16, 32, 64], 8) } else { ([32, 64, 128, 256], 2) }
    }

    /// Whether a direction is better not held, but read twice where its length is not one.
    pub(crate) fn directions_pass(&self) -> bool {
        self.software
    }

    /// Bytes of the arrays that measure the adapter itself.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn measured_bytes(&self) -> u64 {
        if self.software { 64 << 20 } else { 128 << 20 }
    }

    /// Parts and points each of the clouds that measure its arithmetic.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn measured_points(&self) -> (u32, u32) {
        if self.software { (1, 2048) } else { (4, 2560) }
    }
}
