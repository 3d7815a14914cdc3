// The bindings throw where a promise is due, and in words of their own. Here their mistakes become what all others are.

import { explained, failure, isOfFreed } from './failure.js';
import { outlived } from './trap.js';

const synchronous = new Set(['klDivergence', 'sample', 'requireConverged']);

/** That a method is called on an object of its class: the module would take any other's memory for one of these. */
function checkReceiver(receiver, Class) {
  if (receiver instanceof Class) return;
  throw failure(TypeError, `it is called on what is no ${Class.name}`, 'invalid-input', undefined);
}

/** The function with mistakes explained, as a rejection unless it is `immediate`; a method of `Class`, if one is given. */
export function accountable(call, immediate = false, Class = undefined) {
  return function accounted(...parameters) {
    try {
      if (Class) checkReceiver(this, Class);
      const value = call.apply(this, parameters);
      return immediate ? value : outlived(value);
    } catch (error) {
      if (immediate) throw explained(error);
      return Promise.reject(explained(error));
    }
  };
}

/** `free`, of which the second does nothing. */
function onlyOnce(free, Class) {
  return function freeOnce() {
    try {
      checkReceiver(this, Class);
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
      const receiver = target === Class ? undefined : Class;
      if (name === 'free') property.value = onlyOnce(property.value, Class);
      else if (property.get) property.get = accountable(property.get, true, receiver);
      else if (typeof property.value === 'function') property.value = accountable(property.value, synchronous.has(name), receiver);
      else continue;
      Object.defineProperty(target, name, property);
    }
  }
  if (Symbol.dispose) Class.prototype[Symbol.dispose] = Class.prototype.free;
}
