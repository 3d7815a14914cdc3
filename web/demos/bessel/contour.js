// Contour lines of a field on a grid, by marching squares.

// The lines along which the field is `level`, each as [x0, y0, x1, y1, …] in units of the grid.
export function contour(field, columns, rows, level) {
  return joined(crossings(field, columns, rows, level));
}

// The ends of a segment in every cell that the level crosses: [x0, y0, x1, y1] and so on. Cells with a value that is not a
// number have none.
function crossings(field, columns, rows, level) {
  const segments = [];
  for (let y = 0; y + 1 < rows; y++) {
    for (let x = 0; x + 1 < columns; x++) {
      const at = y * columns + x;
      const a = field[at] - level;
      const b = field[at + 1] - level;
      const c = field[at + columns + 1] - level;
      const d = field[at + columns] - level;
      const above = (a > 0) + (b > 0) + (c > 0) + (d > 0);
      if (above === 0 || above === 4 || Number.isNaN(a + b + c + d)) continue;
      if (a > 0 !== b > 0) segments.push(x + a / (a - b), y);
      if (b > 0 !== c > 0) segments.push(x + 1, y + b / (b - c));
      if (c > 0 !== d > 0) segments.push(x + d / (d - c), y + 1);
      if (d > 0 !== a > 0) segments.push(x, y + a / (a - d));
    }
  }
  return segments;
}

// Segments that meet become one line, or dashes would start anew in each of them.
function joined(segments) {
  const key = (i) => `${segments[i].toFixed(6)},${segments[i + 1].toFixed(6)}`;
  const ends = new Map();
  for (let i = 0; i < segments.length; i += 2) ends.set(key(i), [...(ends.get(key(i)) ?? []), i]);
  const partner = (i) => (i % 4 === 0 ? i + 2 : i - 2);
  const used = new Uint8Array(segments.length);
  const next = (i) => ends.get(key(i)).find((other) => !used[other]);
  const lines = [];
  const follow = (start) => {
    const line = [];
    for (let i = start; i !== undefined; i = next(partner(i))) {
      if (line.length === 0) line.push(segments[i], segments[i + 1]);
      const to = partner(i);
      used[i] = used[to] = 1;
      line.push(segments[to], segments[to + 1]);
    }
    lines.push(line);
  };
  const open = [...ends.values()].filter((meeting) => meeting.length === 1).map(([i]) => i);
  for (const i of open) if (!used[i]) follow(i);
  for (let i = 0; i < segments.length; i += 2) if (!used[i]) follow(i);
  return lines;
}
