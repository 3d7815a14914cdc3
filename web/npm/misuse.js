// The bindings throw where a promise is due, and in words of their own. Here their mistakes become what all others are.
//
// What they would find out within the module is found before: an exception that passes through the module leaves its stack
// where it was, some hundred bytes lower each time, until there is none.

import { explained, failure } from './failure.js';
import { outlived } from './trap.js';

const synchronous = new Set(['klDivergence', 'sample', 'requireConverged', 'cross']);
const classes = [];
const reading = new WeakMap(); // how many calls are reading an object at this moment: its getters may call again

const mistake = (message) => failure(TypeError, message, 'invalid-input', undefined);

/** Whether it is an object of the package's, by what it says; a proxy may refuse to say. */
function isOurs(value) {
  try {
    return typeof value === 'object' && classes.some((Class) => value instanceof Class);
  } catch {
    return false;
  }
}

/** That a method is called on an object of its class: the module would take any other's memory for one of these. */
function checkReceiver(receiver, Class) {
  if (!(receiver instanceof Class)) throw mistake(`it is called on what is no ${Class.name}`);
}

/** Calls with objects that are all alive, and stay so until it returns. */
function callWith(objects, call) {
  if (objects.some((object) => !object.__wbg_ptr)) throw mistake('an object was used after free()');
  for (const object of objects) reading.set(object, (reading.get(object) ?? 0) + 1);
  try {
    return call();
  } finally {
    for (const object of objects) reading.set(object, reading.get(object) - 1);
  }
}

/** The function with mistakes explained, as a rejection unless it is `immediate`; a method of `Class`, if one is given. */
export function accountable(call, immediate = false, Class = undefined) {
  return function accounted(...parameters) {
    try {
      if (Class) checkReceiver(this, Class);
      const objects = parameters.filter(isOurs);
      if (Class) objects.push(this);
      const value = callWith(objects, () => call.apply(this, parameters));
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
      if (reading.get(this) > 0) throw mistake('an object was freed while a call was reading it');
      if (this.__wbg_ptr) free.call(this);
    } catch (error) {
      throw explained(error);
    }
  };
}

/** All functions and properties of a class, in place. */
export function accountableClass(Class) {
  classes.push(Class);
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
