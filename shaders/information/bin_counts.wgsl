// How many samples of every series, or pairs of two series, fall into every bin of a histogram.
//
// Method. Numbers and edges are keys: integers in the order of the numbers, so that comparisons are exact on every
// adapter. The bin of a sample is the number of edges not above it, less one, by bisection; the last edge, which the host
// rounds the other way, belongs to the last bin. A workgroup counts a block of a series in its own memory (LOCAL) and
// adds it up with integer atomics, whose order does not matter.
// Output: counts of a series' bins (x-major), then the number of samples outside. Report: the first number of x, of y
// that is not finite.
// Error: none.
//!include shared/grid.wgsl

struct Params {
  zero: u32,
  length: u32,     // samples of a series
  first: u32,      // items of this dispatch: from first ...
  until: u32,      // ... to until
  block: u32,      // samples of a block
  blocks: u32,     // blocks of a series
  bins: u32,       // of x
  bins_y: u32,     // of y, 1 where there is none
  stride: u32,     // edges from one series to the next, 0 where all have the same
  stride_y: u32,
  unused_1: u32,
  unused_2: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> xs: array<u32>;
@group(0) @binding(2) var<storage, read> ys: array<u32>;
@group(0) @binding(3) var<storage, read> edges_x: array<u32>;
@group(0) @binding(4) var<storage, read> edges_y: array<u32>;
@group(0) @binding(5) var<storage, read_write> counted: array<atomic<u32>>;
@group(0) @binding(6) var<storage, read_write> report: array<atomic<u32>>;

override WORKGROUP: u32 = 64u;
override PAIRS: bool = false;
override LOCAL: bool = false;

// Bins, and the place for samples outside, that fit workgroup memory.
const LOCAL_CELLS: u32 = 2048u;
var<workgroup> here: array<atomic<u32>, LOCAL_CELLS>;

const OUTSIDE: u32 = 0xffffffffu;

// Ascending with the number; both zeros are the same.
fn key(bits: u32) -> u32 {
  if ((bits & 0x7fffffffu) == 0u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

fn edge(k: u32, second: bool) -> u32 {
  if (second) { return edges_y[k]; }
  return edges_x[k];
}

fn bin_of(x: u32, base: u32, bins: u32, second: bool) -> u32 {
  if (x < edge(base, second) || x > edge(base + bins, second)) { return OUTSIDE; }
  // edge[low] <= x; edge[high] > x, or high = bins.
  var low = 0u;
  var high = bins;
  for (var halving = 0u; halving < 32u && high - low > 1u; halving++) {
    let middle = (low + high) / 2u;
    if (edge(base + middle, second) <= x) { low = middle; } else { high = middle; }
  }
  return low;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let item = params.first + group_index(group, groups);
  let cells = params.bins * params.bins_y;
  let live = item < params.until;
  let series = item / params.blocks;
  if (LOCAL) {
    for (var k = local; k <= cells; k += WORKGROUP) { atomicStore(&here[k], 0u); }
    workgroupBarrier();
  }
  if (live) {
    let begin = item % params.blocks * params.block;
    let end = min(begin + params.block, params.length);
    for (var k = begin + local; k < end; k += WORKGROUP) {
      let at = series * params.length + k;
      let x = xs[at];
      if ((x & 0x7fffffffu) >= 0x7f800000u) { atomicMin(&report[0], at); }
      var bin = bin_of(key(x), series * params.stride, params.bins, false);
      if (PAIRS) {
        let y = ys[at];
        if ((y & 0x7fffffffu) >= 0x7f800000u) { atomicMin(&report[1], at); }
        let bin_y = bin_of(key(y), series * params.stride_y, params.bins_y, true);
        if (bin_y == OUTSIDE) { bin = OUTSIDE; }
        if (bin != OUTSIDE) { bin = bin * params.bins_y + bin_y; }
      }
      let place = min(bin, cells);
      if (LOCAL) {
        atomicAdd(&here[place], 1u);
      } else {
        atomicAdd(&counted[series * (cells + 1u) + place], 1u);
      }
    }
  }
  if (LOCAL) {
    workgroupBarrier();
    if (live) {
      for (var k = local; k <= cells; k += WORKGROUP) {
        let count = atomicLoad(&here[k]);
        if (count > 0u) { atomicAdd(&counted[series * (cells + 1u) + k], count); }
      }
    }
  }
}
