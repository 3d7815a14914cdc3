// How far directions are from a mean: a histogram of angles, and the curve that a density says it should follow.
import { css, fitCanvas } from '../shared/surface.js';

// Angles at which a density is asked for: closer together near the mean, where a large κ has all of it.
export const angles = Float64Array.from({ length: 256 }, (_, i) => Math.PI * (i / 255) ** 2);

// Directions at those angles from `mean`, on one half circle, row-major.
export function meridian(mean) {
  const axis = Math.abs(mean[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0];
  const along = axis.reduce((sum, x, k) => sum + x * mean[k], 0);
  const across = axis.map((x, k) => x - along * mean[k]);
  const length = Math.hypot(...across);
  return Float64Array.from({ length: 3 * angles.length }, (_, i) => {
    const angle = angles[Math.floor(i / 3)];
    return Math.cos(angle) * mean[i % 3] + (Math.sin(angle) * across[i % 3]) / length;
  });
}

// A function of the angle between 0 and 1 from log-densities at `angles`: the density as a share of the largest.
export function shareOfPeak(logDensities) {
  return (angle) => {
    const place = 255 * Math.sqrt(angle / Math.PI);
    const i = Math.min(254, Math.floor(place));
    const value = logDensities[i] + (place - i) * (logDensities[i + 1] - logDensities[i]);
    return Math.min(1, Math.exp(value - logDensities[0]));
  };
}

// Draws the angles of `points` from `mean`, and 2π sin θ f(θ) on top if log-densities are given.
export function drawProfile(canvas, points, mean, logDensities) {
  const { context, width, height } = fitCanvas(canvas);
  const found = [];
  for (let i = 0; i < points.length; i += 3) {
    const [x, y, z] = [points[i] - mean[0], points[i + 1] - mean[1], points[i + 2] - mean[2]];
    found.push(2 * Math.asin(Math.min(1, Math.hypot(x, y, z) / 2))); // from the chord, which keeps small angles
  }
  const end = Math.min(Math.PI, 1.1 * found.reduce((most, angle) => Math.max(most, angle), 1e-9));
  const bins = Math.max(6, Math.min(40, Math.round(2 * Math.cbrt(found.length) + 2)));
  const counts = new Float64Array(bins);
  for (const angle of found) counts[Math.min(bins - 1, Math.floor((angle / end) * bins))] += 1;
  const bars = counts.map((count) => count / found.length / (end / bins));
  const curve = logDensities ? Array.from(angles, (angle, i) => 2 * Math.PI * Math.sin(angle) * Math.exp(logDensities[i])) : [];
  const top = 1.08 * Math.max(...bars, ...curve.filter((_, i) => angles[i] <= end)) || 1;
  const [left, bottom] = [1, height - 20];
  const x = (angle) => left + (angle / end) * (width - 2 * left);
  const y = (value) => bottom - (value / top) * (bottom - 2);
  context.fillStyle = css('--ink');
  context.globalAlpha = 0.3;
  bars.forEach((bar, i) => context.fillRect(x((i * end) / bins) + 0.5, y(bar), x(end / bins) - x(0) - 1, bottom - y(bar)));
  context.globalAlpha = 1;
  context.strokeStyle = css('--target');
  context.lineWidth = 2;
  context.beginPath();
  curve.forEach((value, i) => context[i === 0 ? 'moveTo' : 'lineTo'](x(angles[i]), y(value)));
  context.stroke();
  context.fillStyle = css('--field');
  context.fillRect(0, bottom, width, 1);
  context.fillStyle = css('--soft');
  context.font = '12px system-ui, sans-serif';
  const degrees = (angle) => `${Number(((angle * 180) / Math.PI).toPrecision(2))}°`;
  context.textAlign = 'left';
  context.fillText('0°', 0, height - 5);
  context.textAlign = 'center';
  context.fillText(degrees(end / 2), x(end / 2), height - 5);
  context.textAlign = 'right';
  context.fillText(degrees(end), width, height - 5);
}
