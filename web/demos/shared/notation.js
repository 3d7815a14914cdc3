// Numbers as they are read: a real minus sign, and powers of ten instead of an e.

// From what JavaScript writes, such as '-1.5e-7'.
export function withPower(text) {
  const [digits, power] = text.split('e');
  const signed = digits.replace('-', '−');
  return power === undefined ? signed : `${signed} · 10${superscript(Number(power))}`;
}

// Three digits of a number of at least 0, where there is little room.
export function brief(value) {
  if (value === Infinity) return '∞';
  if (value >= 1e5 || (value > 0 && value < 1e-3)) return withPower(value.toExponential(1));
  return String(Number(value.toPrecision(3)));
}

// e^logarithm with six digits, however large.
export function exponential(logarithm) {
  if (logarithm === -Infinity) return '0';
  if (logarithm === Infinity) return '∞';
  const power = logarithm / Math.LN10;
  let exponent = Math.floor(power);
  if (Math.abs(exponent) < 5) return String(Number(Math.exp(logarithm).toPrecision(6)));
  let mantissa = (10 ** (power - exponent)).toPrecision(6);
  if (mantissa.startsWith('10')) [mantissa, exponent] = ['1.00000', exponent + 1];
  return `${mantissa} · 10${superscript(exponent)}`;
}

// An integer as it stands in an exponent.
export function superscript(integer) {
  return [...String(integer)].map((sign) => (sign === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[sign])).join('');
}
