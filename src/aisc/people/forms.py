from django import forms


class SignUpForm(forms.Form):
    name = forms.CharField(max_length=150)

    def signup(self, request, user):
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])
