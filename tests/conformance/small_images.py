"""Small image files for the samples of cases_image_files.py."""

from __future__ import annotations

import base64


def _bytes(text):
    return base64.b85decode(text)


RGB_PNG = _bytes(
    "iBL{Q4GJ0x0000DNk~Le00004000052m$~A0PWA(i~s-"
    "t6iGxuRCt_YWYCCWhXEE&PEJxe097#pJBqN6`2YX_07*qoM6N<$f&"
)
RGBA_PNG = _bytes(
    "iBL{Q4GJ0x0000DNk~Le00004000032nGNE0JQY3#sB~SK1oDDRCt^LGXTv00IV-"
    "{z(f1PX9?34@+4PA*aWOy#Q~!%;zx2SkSF!`WP1V|M7abQC|DBu5;K^l)r$W`=N5rDv`^3g0000<MNUMnLSTX"
)
GRAY_PNG = _bytes(
    "iBL{Q4GJ0x0000DNk~Le00004000032mk;80Fj^Z8UO$Q7fD1xRCt_YWMF4!XXIpOXJ_GLXJ-"
    "ch0%`zQ&6h;e00000NkvXXu0mjf"
)
DEEP_PNG = _bytes(
    "iBL{Q4GJ0x0000DNk~Le00002000035CQ-"
    "I0A?7Kl>h($GD$>1RCt^LCji+006UIhr`;ew!OaOuxd76Cq9EEI!pcbW;FkdEqj~-"
    "<%d2ukx7ZwYGZXvxUR7EE0000<MNUMnLSTX"
)
RGB_JPEG = _bytes(
    "|JeWF01!$>Nk#wx0RR9200961|JwjV00RO70|EjA0|NsD0|NvF2n7WM1O*BQ2L=cX3JeSj3JVJj4iXRz4iOFu3lJ6%"
    "5fc;@6%`B*7Z?^47!ni}6#v@*LjeN>1O)^I2?YfS6b%av6ciK`6ciK`6ciK`6ciK`6ciK`6ciK`6ciK`6ciK`6ciK`"
    "6ciK`6ciK`6ciK`6cqo!01*fP3;+rP0U`hb5di}c0sq7R9{>OW1pxs80RaI300000000010s{mE1_uZU3Jd?l0JRVR"
    "0s#X90t5pE1q1{D00Dgg0s{a95d{(<F+m0sQDFxnaTGFvk)a49Lb1UWQqk}vGh%Xr2?`b$7#SKRCMPH<Dl|1VH#j*u"
    "LqtVJM@UIZQ&d$}S6EqEV`OD!XJ~0^b98lfcX)YvgM@{Khlq)al9QB`mY0~BnxdnmrKYE-sj9NGw6(UkxVgH*!^FkL"
    "$H>Xb($mz{*4NnC+Tr5k<mKk)=;`Y5^7Hid_V@Vt`v1fL9{~UZ0RaI40RaI40RR91000010s{mE1_uZU3Jd?l0JRYS"
    "0s#U91Oo&I1q1{D0Rndb0RjUN1O*{61`<J02Vrp&A~Jyp6he`qvB3!=Gg9ysVsg<679=#`CGi&+85$-"
    "hC@Cs6Ha9pqIzvQ7Mn_0VN>fx-"
    "R##YAT4Q8oW@l(=YIAgTc6WGrdV+(5g@%WSiHeewl$Dm3n3<ZQqok##r>Lo_va__cwzs&sy28W6#m2|T$;#5x)YaD4"
    "*xB0R<K*S$=jiF`^7Hid_V@Vt`v2Mh3<CiG0ucid06zfnuZRBt3xC!A=hL-"
    "&Bwq`Ebf3BGJ6C=1{{X|*U%UO+rF$e^9<uV2_g#g4s(yZd|Je"
)
GRAY_JPEG = _bytes(
    "|JeWF01!$>Nk#wx0RR9200961|JwjV00RO70|EjA0|NsD0|NvF2n7WM1O*BQ2L=cX3JeSj3JVJj4iXRz4iOFu3lJ6%"
    "5fc;@6%`B*7Z?^47!ni}6#u{g3kU!V015#C5di<h03QGV0R;g80RaI400000000000RjUA1qKHQ2?`7U!~nGr00IF6"
    "0|EpC1qB2I0004f0RjU61Q7)iAu&M)6H#FYB5@QlfsvsIBSNvk6;jdgBr{@if(Z&17Z@2DB_<~*DJnEIHa9pqIzvQ7"
    "Mn_0VN>fx-"
    "R##YAT4Q8oW@l(=YIAgTc6WGrdV_?8hKGoWijtF*m6n&7nVO=bq@|{(sHv*5v$VCgx45~w!o$SH#>dFX%F@%+)z;V8"
    "+1laa<K*S$=jiF`@$&QZ_4fDp`TGCb00;pA002J#`2PUm{{X_@^?$ka?Ow?j!r$E|?t2c^-"
    "+Vvt^_TAd0CnkJ$rp#LyrlitVPF5*"
)
BMP = _bytes(
    "LQQ4>00000001@s001Ze000F500093000317ytkO001xm006`e006`e0000000000003+{5_3TrdPpFFPbY|0E&yXO"
    "32HbHaX%M$Mjn4nB>-9|0AVi&Xf_USJr#CD8~^"
)
GIF = _bytes(
    "M@dFFH(><;1OR~m00000000000000004x9i000F51ONaC2><~I97wQW!GHiE`2+y~02BZ$000001pov9gviLq&(F`%"
    "(b3k{*4WtC+S=OP-QC~c-{Ilm<KyGx<mBe&=IH3?>gww4?d|XH@A2{R_V)Jp`1t?-"
    "{{R30000000000000000000000000000000000000000000<cXCrE(MAVGu&3=kA>u;2gz0SXKZ2ml};06P"
)
STILL_GIF = _bytes("M@dFFH(><;1OR~m00000000000000004x9i000F51ONaC2><~I97wQW!GHie")
