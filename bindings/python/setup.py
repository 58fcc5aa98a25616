# SPDX-License-Identifier: Apache-2.0
"""A wheel for one platform and every Python 3: the library is a file of the package, and ctypes loads it."""

import os

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel


class PlatformDistribution(Distribution):
    def has_ext_modules(self):
        return True


class PlatformWheel(bdist_wheel):
    def get_tag(self):
        return "py3", "none", super().get_tag()[2]


# scripts/build-wheel.sh passes the version of Cargo.toml.
setup(
    version=os.environ["NATIVE_DRM_VERSION"],
    distclass=PlatformDistribution,
    cmdclass={"bdist_wheel": PlatformWheel},
)
