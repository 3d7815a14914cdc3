// What a browser may lack or refuse. Each function runs in a page before any of its scripts.

/**
 * All that the console gets where the twin computes though nobody asked for it: without WebGPU, and with an adapter that
 * runs shaders on the CPU, as those of these tests do.
 */
export const onTheTwin = /^console warn: kantor runs on the CPU: /;

export const lacking = {
  'no WebGPU': () => Object.defineProperty(navigator, 'gpu', { value: undefined, configurable: true }),
  'no adapter': () => {
    navigator.gpu.requestAdapter = async () => null;
  },
  'no permission': () => {
    navigator.gpu.requestAdapter = async () => {
      throw new DOMException('The GPU is not allowed here.', 'NotAllowedError');
    };
  },
  'no device': () => {
    GPUAdapter.prototype.requestDevice = async () => {
      throw new DOMException('There is no device to be had.', 'OperationError');
    };
  },
};

/** Lets every adapter be one that runs shaders on the CPU, as that of a machine without a GPU is. */
export function softwareAlone() {
  Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => true, configurable: true });
}

/** Keeps the devices that a page opens, so that a test can destroy them as a driver would. */
export function keepDevices() {
  const { requestDevice } = GPUAdapter.prototype;
  window.devicesOpened = [];
  GPUAdapter.prototype.requestDevice = async function (...parameters) {
    const device = await requestDevice.apply(this, parameters);
    window.devicesOpened.push(device);
    return device;
  };
}

/** While `window.slow` is set, every reading back of results waits: a run lasts long enough to be cancelled, anywhere. */
export function allowSlowness() {
  const { mapAsync } = GPUBuffer.prototype;
  GPUBuffer.prototype.mapAsync = async function (...parameters) {
    if (window.slow) await new Promise((resolve) => setTimeout(resolve, 300));
    return mapAsync.apply(this, parameters);
  };
}
