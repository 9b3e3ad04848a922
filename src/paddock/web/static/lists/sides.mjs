// On a small screen the filters stand above the list: they begin closed there.
const sides = document.querySelector("details.sides");
const wide = matchMedia("(min-width: 62rem)");
const arrange = () => { sides.open = wide.matches; };
if (sides) {
  arrange();
  wide.addEventListener("change", arrange);
}
