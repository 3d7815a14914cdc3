// The functions of an order v and an argument x that the page can draw, by their names in the package.
import { linear, logarithmic, symmetric } from './scale.js';

// `of` is what the value is the logarithm of, where it is one; the scales span 10⁻² ≤ v ≤ 10⁵, 10⁻² ≤ x ≤ 10⁶.
export const functions = {
  'log-i': { title: 'log Iᵥ(x)', of: 'Iᵥ(x)', scale: symmetric(-2e6, 2e6) },
  'log-k': { title: 'log Kᵥ(x)', of: 'Kᵥ(x)', scale: symmetric(-2e6, 2e6) },
  'log-i-scaled': { title: 'log Iᵥ(x) − x', of: 'e⁻ˣ Iᵥ(x)', scale: symmetric(-2e6, 0) },
  'log-k-scaled': { title: 'log Kᵥ(x) + x', of: 'eˣ Kᵥ(x)', scale: symmetric(-10, 2e6) },
  'log-i-regularized': { title: 'log Γ(v+1) (2/x)ᵛ Iᵥ(x)', of: 'Γ(v+1) (2/x)ᵛ Iᵥ(x)', scale: symmetric(0, 2e6) },
  'log-k-regularized': { title: 'log 2¹⁻ᵛ xᵛ Kᵥ(x) / Γ(v)', of: '2¹⁻ᵛ xᵛ Kᵥ(x) / Γ(v)', scale: symmetric(-2e6, 0) },
  'ratio-i': { title: 'Iᵥ₊₁(x) / Iᵥ(x)', scale: logarithmic(-8, 0) },
  'ratio-k': { title: 'Kᵥ₊₁(x) / Kᵥ(x)', scale: logarithmic(0, 8) },
  'd-log-i-dx': { title: '∂ log Iᵥ(x) / ∂x', scale: logarithmic(-2, 7) },
  'd-log-k-dx': { title: '∂ log Kᵥ(x) / ∂x', scale: symmetric(-2e7, 0) },
  'd-log-i-dv': { title: '∂ log Iᵥ(x) / ∂v', scale: linear(-18, 0, 2) },
  'd-log-k-dv': { title: '∂ log Kᵥ(x) / ∂v', scale: linear(0, 18, 2) },
  'log-gamma': { title: 'log Γ(x), without an order', of: 'Γ(x)', scale: symmetric(-1, 2e7) },
};

// Where exp() of a logarithm leaves the numbers of a format: above its largest, below its smallest.
export const formats = {
  f64: { largest: 709.7827128933841, smallest: -745.1332191019412 },
  f32: { largest: 88.72283905206835, smallest: -103.97207708399179 },
};

export function fate(logarithm, { largest, smallest }) {
  if (logarithm > largest) return 'overflows';
  if (logarithm < smallest) return 'underflows to 0';
  return undefined;
}
