"""What a password has to be, each refusal with what to do instead."""

from django.contrib.auth import password_validation as framework


class LongEnough(framework.MinimumLengthValidator):
    """At least so many characters."""

    def get_error_message(self) -> str:
        least = self.min_length
        return (
            f"The password is too short. Use at least {least} characters: a few words are easiest."
        )


class NotAboutOneself(framework.UserAttributeSimilarityValidator):
    """Not much like the member's own e-mail or name."""

    def get_error_message(self) -> str:
        return (
            "The password is too similar to the %(verbose_name)s. Choose one that nobody can guess."
        )


class NotCommon(framework.CommonPasswordValidator):
    """None of those that everybody tries first."""

    def get_error_message(self) -> str:
        return "The password is too common. Choose one that nobody can guess."
