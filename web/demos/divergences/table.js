// The table of the family: a row for each divergence, with its definition, its parameter, and both directions.
import { causeOfInfinity, typeset } from './family.js';
import { withPower } from '../shared/notation.js';
import { debounce } from '../shared/pace.js';

const create = (tag, properties) => Object.assign(document.createElement(tag), properties);

export class FamilyTable {
  // `entries` as `describe` gives them. `onSelect(name)` and `onParameter()` are called after changes by hand.
  constructor(body, entries, { onSelect, onParameter }) {
    this.rows = new Map(entries.map((entry) => [entry.name, addRow(body, entry, onSelect, onParameter)]));
  }

  get selected() {
    return [...this.rows].find(([, { choice }]) => choice.checked)[0];
  }

  // The parameter as it stands in its field; undefined for a divergence without one.
  parameter(name) {
    const { input } = this.rows.get(name);
    return input && Number(input.value);
  }

  show(entry, result, digits) {
    const { cells, input } = this.rows.get(entry.name);
    if (input) input.ariaInvalid = result.refused ? 'true' : 'false';
    cells.forEach((cell, side) => {
      if (result.refused) {
        cell.replaceChildren(create('small', { className: 'bad', textContent: side === 0 ? result.refused : '' }));
        return;
      }
      const value = result.both[side];
      cell.replaceChildren(written(value, digits));
      if (value !== Infinity) return;
      const words = create('small');
      const names = side === 0 ? ['p', 'q'] : ['q', 'p'];
      words.append(...typeset(causeOfInfinity(entry, result.parameter, result.flags[side], names)));
      cell.append(words);
    });
  }
}

function written(value, digits) {
  if (value === Infinity) return '∞';
  return value === 0 ? '0' : withPower(value.toPrecision(digits));
}

function addRow(body, entry, onSelect, onParameter) {
  const { name, title, formula, parameter } = entry;
  const row = body.insertRow();
  const heading = create('th', { scope: 'row' });
  const choice = create('input', { type: 'radio', name: 'divergence', value: name, checked: body.rows.length === 1 });
  const label = create('label', { className: 'name' });
  label.append(choice, title, create('code', { textContent: name }));
  const definition = create('div', { className: 'formula' });
  definition.append(...typeset(formula));
  const input = parameter && parameterInput(entry, onParameter);
  if (input) {
    const field = create('label', { className: 'parameter' });
    field.append(...typeset(`${parameter.symbol} = `), input);
    definition.append(' ', field);
  }
  heading.append(label, definition);
  row.append(heading);
  const cells = [0, 1].map(() => Object.assign(row.insertCell(), { className: 'number', textContent: '…' }));
  choice.addEventListener('change', () => onSelect(name));
  row.addEventListener('click', ({ target }) => { if (!target.closest('label, input')) choice.click(); });
  return { choice, input, cells };
}

// The arrow keys go by steps, any number may be typed.
function parameterInput({ title, parameter: { symbol, value, min, max, step } }, onParameter) {
  const input = create('input', { type: 'number', min, max, step: 'any', value, ariaLabel: `${symbol} of ${title}` });
  input.addEventListener('keydown', (event) => {
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    const next = Math.min(max, Math.max(min, Number(input.value) + direction * step));
    input.value = Number(next.toFixed(6));
    onParameter();
  });
  input.addEventListener('input', debounce(onParameter, 150));
  return input;
}
