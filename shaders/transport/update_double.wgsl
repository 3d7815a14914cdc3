// update.wgsl in double-float arithmetic.
//!include transport/update.wgsl

struct DoubleStep { epsilon: vec2f, rate: vec2f, next_shift: vec2f, omega: f32, shift: vec2f,
                    log_mass: vec2f, drift: vec2f }

fn double_step_of(slot: u32) -> DoubleStep {
  let unit = vec2f(slots[slot].unit, slots[slot].unit_low);
  let rate = vec2f(slots[slot].rate, slots[slot].rate_low);
  var log_mass = vec2f(0.0);
  // ln 2
  if (!SOURCE) { log_mass = df_mul_f32(vec2f(0x1.62e43p-1f, -0x1.05c61p-29f), slots[slot].mass_exponent); }
  return DoubleStep(df_mul(vec2f(sweep.epsilon, sweep.epsilon_low), unit),
                    df_mul(vec2f(sweep.rate, sweep.rate_low), rate),
                    df_mul(vec2f(sweep.next_shift, sweep.next_shift_low), unit), slots[slot].omega,
                    vec2f(slots[slot].shift, slots[slot].shift_low), log_mass,
                    df_drift_of(vec2f(slots[slot].translation, slots[slot].translation_low)));
}

fn df_drift_of(translation: vec2f) -> vec2f {
  if (DAMPING != SOFT) { return vec2f(0.0); }
  var k = translation;
  if (sweep.other_reach > 0.0) {
    let reach = vec2f(sweep.reach, sweep.reach_low);
    let other = vec2f(sweep.other_reach, sweep.other_reach_low);
    k = df_mul(k, df_div(other, df_add(reach, other)));
  }
  return select(-k, k, SOURCE);
}

fn df_log_weight(step: DoubleStep, weight: vec2f) -> vec2f { return df_add(df_log(weight), step.log_mass); }

fn df_log_part(step: DoubleStep, weight: vec2f) -> vec2f { return df_mul(step.epsilon, df_log_weight(step, weight)); }

fn df_updated(step: DoubleStep, old: vec2f, balanced: vec2f, weight: vec2f) -> vec2f {
  var fresh = balanced;
  if (DAMPING == SOFT) {
    let part = df_log_part(step, weight);
    let f = df_sub(df_sub(balanced, part), df_mul(step.epsilon, step.drift));
    let reach = vec2f(sweep.reach, sweep.reach_low);
    fresh = df_add(part, df_mul(f, df_div(reach, df_add(reach, step.epsilon))));
  }
  if (step.omega != 1.0 && DAMPING != BOUNDED) {
    let change = df_sub(fresh, old);
    var relaxed = df_mul_f32(change, step.omega);
    if (step.omega > 1.0 && change.x > 0.0) {
      let most = df_add(change, df_mul(step.epsilon, df_log1p(df_div(change, step.epsilon))));
      if (df_sub(most, relaxed).x < 0.0) { relaxed = most; }
    }
    fresh = df_add(old, relaxed);
  }
  if (step.next_shift.x != 0.0) { fresh = df_add(fresh, df_mul(step.next_shift, df_log_weight(step, weight))); }
  return fresh;
}

fn df_wanted(step: DoubleStep, old: vec2f, marginal: vec2f, weight: vec2f) -> vec2f {
  if (DAMPING == HARD) { return weight; }
  let part = df_log_part(step, weight);
  let f = df_sub(old, part);
  if (DAMPING == SOFT) { return df_mul(weight, df_exp(-df_kept(f, step))); }
  // At the bound but for rounding.
  if (f.x < -0x1p-41f * (abs(old.x) + abs(part.x)) || df_sub(marginal, weight).x > 0.0) { return weight; }
  return marginal;
}

// f / rho, with the translation.
fn df_kept(f: vec2f, step: DoubleStep) -> vec2f {
  return df_add(df_div(f, vec2f(sweep.reach, sweep.reach_low)), step.drift);
}

fn df_dual_term(step: DoubleStep, old: vec2f, weight: vec2f) -> vec2f {
  let f = df_sub(old, df_log_part(step, weight));
  if (DAMPING == SOFT) {
    let reach = vec2f(sweep.reach, sweep.reach_low);
    return df_mul(weight, df_mul(reach, -df_expm1(-df_kept(f, step))));
  }
  return df_mul(weight, f);
}
