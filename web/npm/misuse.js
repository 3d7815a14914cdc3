// The bindings throw where a promise is due, and in words of their own. Here their mistakes become what all others are.

import { explained, isOfFreed } from './failure.js';
import { outlived } from './trap.js';

const synchronous = new Set(['klDivergence', 'sample', 'requireConverged']);

/** The function with mistakes explained, as a rejection unless it is `immediate`. */
export function accountable(call, immediate = false) {
  return function accounted(...parameters) {
    try {
      const value = call.apply(this, parameters);
      return immediate ? value : outlived(value);
    } catch (error) {
      if (immediate) throw explained(error);
      return Promise.reject(explained(error));
    }
  };
}

/** `free`, of which the second does nothing. */
function onlyOnce(free) {
  return function freeOnce() {
    try {
      free.call(this);
    } catch (error) {
      if (!isOfFreed(error)) throw explained(error);
    }
  };
}

/** All functions and properties of a class, in place. */
export function accountableClass(Class) {
  for (const target of [Class, Class.prototype]) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(target))) {
      if (name === 'constructor' || name.startsWith('__')) continue;
      if (name === 'free') property.value = onlyOnce(property.value);
      else if (property.get) property.get = accountable(property.get, true);
      else if (typeof property.value === 'function') property.value = accountable(property.value, synchronous.has(name));
      else continue;
      Object.defineProperty(target, name, property);
    }
  }
  if (Symbol.dispose) Class.prototype[Symbol.dispose] = Class.prototype.free;
}
