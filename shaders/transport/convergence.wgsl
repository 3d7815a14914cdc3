// Adds up the L1 marginal error of each running problem and decides what becomes of it: it leaves the loop, its steps grow,
// or its epsilon falls. The source sweep of the iteration has left the error of each of its workgroups, from before its
// step; the other side's marginal was exact then.
//
// A watched problem (phase not PLAIN) is overrelaxed. Sinkhorn is a nonlinear Gauss-Seidel, whose error falls by eta an
// iteration; with a step of omega = 2 / (1 + sqrt(1 - eta)) by omega - 1 (Young 1954; Thibault et al. 2021, Lehmann et
// al. 2022). eta follows from the fall that is seen over a block of iterations at the omega at hand (Hageman and Young
// 1981, ch. 9); omega only grows. A problem that is about to settle makes a few steps of 1, after which the columns are
// exact and the error tells all.
// One that does not settle in its first iterations anneals: from a tenth of its contrast epsilon falls, test by test,
// held where the error stays large; the slot keeps how many tests every epsilon has seen.
// One whose error is no more than rounding, and has not fallen by a tenth in as many iterations as it took to come there,
// leaves too.
//
// One thread a problem, partial sums in the order of the rows.
//!include transport/problem.wgsl

struct Test {
  zero: u32,
  slots: u32,
  blocks: u32,
  stride: u32,       // vec4f per partial: 1, in double precision 2
  completed: u32,    // iterations done
  every: u32,        // iterations between tests
  tolerance: f32,    // below 0 only marks are looked at
  floor: f32,        // errors up to it may be all rounding
  contrast: f32,     // largest cost over epsilon
  first: u32,        // where the partial sums of the source begin
  first_target: u32, // of the target
  target_blocks: u32, // 0: there are none
  marks: u32,        // blocks whose second number says that a sweep left the range
  first_mark: u32,
  both: f32,         // errors of all sides over that of the source: 2 where one potential is both
  epsilon: f32,      // of the sweeps
  reach: f32,        // the least of a soft side; 0: there is none
  soft: u32,         // 1: the source is soft, 2: the target, 3: both
  unused_1: u32,
  unused_2: u32,
}
@group(0) @binding(0) var<uniform> test: Test;
@group(0) @binding(1) var<storage, read> partials: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> slots: array<Slot>;

override WORKGROUP: u32 = 64u;

// Iterations that an error may take at least to fall by a tenth.
const PATIENCE: u32 = 50u;
// Iterations of a probe, and powers of ten by which its error is to fall in each.
const PROBE_ITERATIONS: u32 = 100u;
const PROBE_FALL: f32 = 0.04;
// Above this error a falling epsilon is held, for so many iterations at most.
const HOLD_ABOVE: f32 = 0.003;
const HOLD_ITERATIONS: u32 = 50u;
const FINISH_ITERATIONS: u32 = 5u;
// What is left of epsilon after an iteration, and after a test, at least.
const FALL_ITERATION: f32 = 0.8;
const FALL_TEST: f32 = 0.35;
const LARGEST_OMEGA: f32 = 1.998;

fn start_block(s: ptr<function, Slot>, error: f32) {
  (*s).block_at = test.completed;
  (*s).block_error = error;
}

fn restart(s: ptr<function, Slot>) {
  (*s).omega = 1.0;
  (*s).block_at = 0u;
  (*s).best = 0.0;
}

// Lets omega grow to what the fall of the error since the block began asks for.
fn relax(s: ptr<function, Slot>, error: f32) {
  if ((*s).frozen != 0u || error <= test.floor || (test.reach > 0.0 && test.epsilon * (*s).unit > test.reach)) { return; }
  if ((*s).block_at == 0u) {
    start_block(s, error);
    (*s).skip = 1u;
    return;
  }
  let omega = (*s).omega;
  let iterations = f32(test.completed - (*s).block_at);
  if (iterations * (2.0 - omega) < 2.0) { return; }
  let fall = divide(log_f32(max(divide(error, (*s).block_error), 1e-30)), iterations);
  let lambda = min(1.0, exp_f32(fall));
  start_block(s, error);
  if ((*s).skip != 0u) {
    (*s).skip = 0u;
    return;
  }
  if (lambda <= omega - 1.0) { return; }
  let reached = lambda + omega - 1.0;
  let eta = min(1.0, divide(reached * reached, lambda * omega * omega));
  let best = divide(2.0, 1.0 + sqrt(1.0 - eta));
  let wanted = min(min(best, 2.0 - 0.25 * (2.0 - omega)), LARGEST_OMEGA);
  if (2.0 - wanted < 0.8 * (2.0 - omega)) {
    (*s).omega = wanted;
    (*s).skip = 1u;
  }
}

// Epsilon falls by a factor, to its last value at most. The tests that it was held for are put beside those before; of more
// than sixteen values, at 1e8 times the last, the rest counts with the last.
fn fall(s: ptr<function, Slot>) {
  let tests = ((*s).held & 255u) / test.every + 1u;
  if (((*s).stages_1 >> 28u) != 0u) {
    (*s).stages_0 = ((*s).stages_0 & 0xfffffff0u) | min(((*s).stages_0 & 15u) + tests, 15u);
  } else {
    (*s).stages_1 = ((*s).stages_1 << 4u) | ((*s).stages_0 >> 28u);
    (*s).stages_0 = ((*s).stages_0 << 4u) | min(tests, 15u);
  }
  (*s).held = (*s).held & 0xffffff00u;
  let factor = max(exp_f32(f32(test.every) * log_f32(FALL_ITERATION)), FALL_TEST);
  set_unit(s, (*s).unit * factor);
}

fn set_unit(s: ptr<function, Slot>, unit: f32) {
  if (unit > (*s).last_unit) {
    (*s).unit = unit;
    (*s).unit_low = 0.0;
    (*s).rate = divide(1.0, unit);
    (*s).rate_low = 0.0;
  } else {
    (*s).unit = (*s).last_unit;
    (*s).unit_low = (*s).last_unit_low;
    (*s).rate = (*s).last_rate;
    (*s).rate_low = (*s).last_rate_low;
  }
}

fn watch(s: ptr<function, Slot>, error: f32) {
  let k = test.completed;
  let tolerance = test.tolerance;
  // Where iterations are tested one by one epsilon falls no faster.
  let on_beat = (k - 1u) % test.every == 0u;
  if ((*s).phase == PROBE) {
    // 10^(1 - k / 25)
    if (k > PROBE_ITERATIONS) {
      (*s).phase = RUN;
    } else if (on_beat && error > exp_f32(2.302585093 * (1.0 - f32(k) * PROBE_FALL))) {
      (*s).phase = ANNEAL;
      (*s).held = k << 8u;
      (*s).stages_0 = 0u;
      (*s).stages_1 = 0u;
      set_unit(s, 0.1 * test.contrast);
      restart(s);
      return;
    }
  }
  if ((*s).phase == ANNEAL) {
    if (!on_beat) { return; }
    if ((*s).unit == (*s).last_unit) {
      (*s).phase = RUN;
      restart(s);
    } else if (error > HOLD_ABOVE && ((*s).held & 255u) < HOLD_ITERATIONS) {
      (*s).held += test.every;
      relax(s, error);
      return;
    } else {
      restart(s);
      fall(s);
      return;
    }
  }
  if ((*s).phase == FINISH) {
    if (error <= tolerance) {
      (*s).status = CONVERGED;
      return;
    }
    if (k - (*s).finish_at < FINISH_ITERATIONS) { return; }
    (*s).phase = RUN;
    (*s).omega = (*s).saved_omega;
    start_block(s, error);
    (*s).skip = 1u;
    return;
  }
  if ((*s).omega == 1.0 && error <= tolerance) {
    (*s).status = CONVERGED;
    return;
  }
  if ((*s).omega > 1.0 && error <= (*s).trigger) {
    (*s).saved_omega = (*s).omega;
    (*s).omega = 1.0;
    (*s).finish_at = k;
    (*s).phase = FINISH;
    (*s).trigger = max(tolerance, 0.1 * error);
    return;
  }
  if ((*s).best == 0.0 || error < 0.9 * (*s).best) {
    (*s).best = error;
    (*s).best_at = k;
  } else if (error <= test.floor && f32(k - (*s).best_at) >= max(f32(PATIENCE), divide(4.0, 2.0 - (*s).omega))) {
    if ((*s).omega == 1.0) {
      (*s).status = STALLED;
      return;
    }
    (*s).omega = 1.0;
    (*s).frozen = 1u;
    (*s).best = error;
    (*s).best_at = k;
  }
  relax(s, error);
}

// The translation that maximises the dual value, from what both sides want at the present one.
fn translate(s: ptr<function, Slot>, source: vec2f, target_: vec2f) {
  let hard = vec2f((*s).hard_mass, (*s).hard_mass_low);
  let up = select(hard, source, (test.soft & 1u) != 0u);
  let down = select(hard, target_, (test.soft & 2u) != 0u);
  // Sums that have left the range say nothing.
  if (!(up.x > 1e-30 && up.x < 1e30 && down.x > 1e-30 && down.x < 1e30)) { return; }
  let l = df_add(vec2f((*s).translation, (*s).translation_low), df_log(df_div(up, down)));
  (*s).translation = l.x;
  (*s).translation_low = l.y;
}

fn look(s: ptr<function, Slot>, error: f32) {
  if (error <= test.tolerance) {
    (*s).status = CONVERGED;
  } else if ((*s).best == 0.0 || error < 0.9 * (*s).best) {
    (*s).best = error;
    (*s).best_at = test.completed;
  } else if (error <= test.floor && test.completed - (*s).best_at >= max((*s).best_at, PATIENCE)) {
    (*s).status = STALLED;
  } else if (test.both > 1.0 && error > exp_f32(2.302585093 * (1.0 - 0.1 * f32(test.completed)))) {
    // Averaged steps are slow where the kernel is not positive definite.
    (*s).status = OUT_OF_RANGE;
  }
}

// Of the workgroups of a side: the error, and what its potentials want to hold.
fn sums(begin: u32, blocks: u32) -> vec3f {
  var error = 0.0;
  var wanted = vec2f(0.0);
  for (var k = 0u; k < blocks; k++) {
    let at = begin + k * test.stride;
    error += partials[at].x;
    wanted = df_add(wanted, vec2f(partials[at].z, select(0.0, partials[at + test.stride - 1u].z, test.stride == 2u)));
  }
  return vec3f(error, wanted);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  runtime_zero = test.zero;
  let slot = group_index(group, groups) * WORKGROUP + local;
  if (slot >= test.slots || slots[slot].status != RUNNING) { return; }
  var s = slots[slot];
  let problem = s.problem;
  var mark = 0.0;
  for (var k = 0u; k < test.marks; k++) { mark = max(mark, partials[test.first_mark + problem * test.marks + k].y); }
  if (mark > 0.0) { slots[slot].status = OUT_OF_RANGE; }
  if (mark > 0.0 || test.tolerance < 0.0) { return; }
  let source = sums(test.first + problem * test.blocks * test.stride, test.blocks);
  let target_ = sums(test.first_target + problem * test.target_blocks * test.stride, test.target_blocks);
  let error = source.x * test.both * s.per_mass;
  s.error = bitcast<u32>(error);
  s.iterations = test.completed;
  if (test.soft != 0u) { translate(&s, source.yz, target_.yz); }
  if (s.phase == PLAIN) { look(&s, error); } else { watch(&s, error); }
  slots[slot] = s;
}
