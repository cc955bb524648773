# SPDX-License-Identifier: MIT
"""What the vendor vouches for, with source and date, on machines, in messages and by a site.

Expected pairs are typed from AMD's tables: ROCm 10.0.0 (26 August 2026), section "GPU partitioning
support", and the release notes of GIM 9.4.0.K.
"""

import shutil
import sys
import unittest

from journey import DONE, REFUSED, ROOT, TO_DO, USAGE, Journey

sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402

ROCM = "AMD's matrix of ROCm 10.0 (2026-08)"
DCM = "AMD's device-config-manager (2025-08)"
SITE = """version: v1
statements:
- {product: MI325X, compute: CPX, memory: NPS4, source: our contract, month: 2026-11}
"""


class Vendor(Journey):
    def pairs(self, *machine):
        found = self.json("modes", *machine)["gpus"][0]["pairs"]
        return {f"{p['compute_mode']}/{p['memory_mode']}": p for p in found}

    def validated(self, profile):
        return {name for name, p in self.pairs("--sim", profile).items() if p["validated"]}

    def test_validated_pairs_are_those_of_the_newest_matrix(self):
        for profile, names in (
            ("mi355x-8", {"SPX/NPS1", "DPX/NPS2", "QPX/NPS2", "CPX/NPS2"}),
            ("mi350x-8", {"SPX/NPS1", "DPX/NPS2", "QPX/NPS2", "CPX/NPS2"}),
            ("mi350p-2", {"SPX/NPS1", "DPX/NPS1", "CPX/NPS1"}),
            ("mi325x-8", {"SPX/NPS1"}),
            ("mi300x-8", {"SPX/NPS1", "CPX/NPS4"}),  # this firmware has no NPS2
            ("mi300x-1-nps2", {"SPX/NPS1", "DPX/NPS2", "CPX/NPS4"}),
            ("mi300a-4", {"SPX/NPS1"}),
        ):
            with self.subTest(profile):
                self.assertEqual(self.validated(profile), names)

    def test_pair_names_its_source_and_the_dissent(self):
        pair = self.pairs("--sim", "mi325x-8")["CPX/NPS4"]
        self.assertEqual((pair["validated"], pair["vendor"], pair["dissent"]), (False, ROCM, DCM))
        self.assertIn(f"validated by the vendor: SPX/NPS1: {ROCM}",
                      self.rocpart("modes", "--sim", "mi325x-8"))
        done = self.start("--sim", "mi325x-8", "set", "-c", "CPX", "-m", "NPS4", "--yes")
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn(f"{ROCM} does not list it, {DCM} does", done.stderr)

    def test_pairs_of_the_matrix_are_set_without_a_permission(self):
        for profile, compute, memory in (("mi355x-8", "QPX", "NPS2"), ("mi355x-8", "CPX", "NPS2"),
                                         ("mi350p-2", "CPX", "NPS1"),
                                         ("mi300x-1-nps2", "DPX", "NPS2")):
            with self.subTest(f"{profile} {compute}/{memory}"):
                self.rocpart("--sim", profile, "set", "-c", compute, "-m", memory, "--yes")
                self.assertEqual(set(self.modes(profile)), {f"{compute}/{memory}"})

    def test_files_that_the_vendor_lists_are_applied(self):
        cases = host.need_shared("cases", "7")
        for name in ("mi355x-qpx-nps2.yaml", "mi355x-cpx-nps2.yaml"):
            self.rocpart("--sim", "mi355x-8", "apply", str(cases / name), "--dry-run", status=TO_DO)
        profile = str(cases / "mi350p-2.profile.yaml")
        self.rocpart("--sim", profile, "set", "--compute", "CPX", "--yes")
        newer = str(host.need_shared("cases", "20") / "mi300x-1-vbios043.yaml")
        self.assertTrue(self.pairs("--sim", newer)["DPX/NPS2"]["validated"])

    def test_product_without_a_machine_has_its_sizes(self):
        fits = self.json("model", "fit", "--bytes", "10GiB")["fits"]
        sizes = {(f["product"], f["compute_mode"], f["memory_mode"]): f["memory_bytes"]
                 for f in fits}
        # 144 GiB less 16 MiB, one domain; a quarter, rounded down to a page of 4 KiB
        self.assertEqual(sizes["MI350P", "SPX", "NPS1"], 154602045440)
        self.assertEqual(sizes["MI350P", "CPX", "NPS1"], 154602045440 // 4 // 4096 * 4096)
        # ROCm 10.0 lists DPX/NPS2: half of 192 GiB, the first of two ranges
        self.assertIn(("MI300X", "DPX", "NPS2"), sizes)
        self.rocpart("plan", "--product", "mi350p", "--add", "Qwen/Qwen3-8B")

    def test_firmware_that_would_offer_more_is_named(self):
        text = self.rocpart("modes", "--sim", "mi300x-8")
        self.assertIn("IFWI 022.040.003.043 (2026-02) and newer offer NPS2", text)
        self.assertNotIn("IFWI", self.rocpart("modes", "--sim", "mi300x-1-nps2"))
        done = self.start("--sim", "mi300x-8", "set", "-c", "DPX", "-m", "NPS2", "--yes")
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn("IFWI 022.040.003.043 (2026-02) and newer firmware offers NPS2", done.stderr)

    def test_firmware_that_cannot_complete_a_mode_is_a_warning(self):
        text = (ROOT / "profiles" / "mi300x-1.yaml").read_text(encoding="utf-8")
        old = self.write(text.replace("    xcc: 8\n", "    xcc: 8\n    vbios: 113-M3000100-102\n"),
                         "old.yaml")
        self.rocpart("sim", "create", "old", "--profile", old)
        check = {c["id"]: c for c in self.json("doctor", "--sim", "old")["checks"]}["firmware"]
        self.assertEqual(check["state"], "warn")
        self.assertIn("VBIOS 113-M3000100-102 of GPU 0 (0000:05:00.0) lists NPS4", check["seen"])
        self.assertIn("022.040.003.043", check["advice"])
        self.rocpart("sim", "create", "new", "--profile", "mi300x-1-nps2")
        check = {c["id"]: c for c in self.json("doctor", "--sim", "new")["checks"]}["firmware"]
        self.assertEqual(check["state"], "pass")

    def capture(self, statements):
        self.make("mi325x-8")
        folder = self.folder / "capture"
        self.rocpart("gather", "--sim", "n", "-o", str(folder), status=DONE)
        site = folder / "etc" / "rocpart" / "products.d"
        site.mkdir(parents=True)
        (site / "site.yaml").write_text(statements, encoding="utf-8")
        return str(folder)

    def test_statement_of_the_site_decides_when_it_is_newer(self):
        pair = self.pairs("--root", self.capture(SITE))["CPX/NPS4"]
        self.assertEqual((pair["validated"], pair["vendor"], pair["dissent"]),
                         (True, "our contract (2026-11)", ROCM))

    def test_statement_of_the_site_that_is_wrong_names_its_place(self):
        place = "/etc/rocpart/products.d/site.yaml:3"
        for old, new, said in (("MI325X", "MI999", "a product that rocpart knows"),
                               ("2026-11", "2026-13", "a month such as 2026-11"),
                               ("source:", "sauce:", "sauce"),
                               ("CPX", "HPX", "SPX, DPX, TPX, QPX or CPX")):
            with self.subTest(new):
                folder = self.capture(SITE.replace(old, new))
                done = self.start("modes", "--root", folder)
                self.assertEqual(done.returncode, USAGE, done.stderr)
                self.assertIn(place, done.stderr)
                self.assertIn(said, done.stderr)
                self.rocpart("sim", "rm", "n", "--yes")
                shutil.rmtree(folder)


if __name__ == "__main__":
    unittest.main()
