// A button that plays what a slider from 0 to 1 shows; where motion is unwelcome it goes on by a quarter at a press.
const still = matchMedia('(prefers-reduced-motion: reduce)');
const duration = 3000;

export function animate(button, slider, draw) {
  let playing = false;

  const become = (now) => {
    playing = now;
    button.textContent = still.matches ? 'Step' : playing ? 'Pause' : 'Play';
  };
  const step = () => {
    const quarters = Math.floor(slider.value * 4 + 1e-9);
    slider.value = ((quarters + 1) % 5) / 4;
    draw();
  };
  const play = () => {
    become(!playing);
    const from = slider.value >= 1 ? 0 : Number(slider.value);
    const start = performance.now();
    const frame = (now) => {
      if (!playing) return;
      slider.value = Math.min(1, from + Math.max(0, now - start) / duration);
      draw();
      if (slider.value >= 1) become(false);
      else requestAnimationFrame(frame);
    };
    if (playing) requestAnimationFrame(frame);
  };

  button.addEventListener('click', () => (still.matches ? step() : play()));
  slider.addEventListener('input', () => {
    become(false);
    draw();
  });
  still.addEventListener('change', () => become(false));
  become(false);
}
